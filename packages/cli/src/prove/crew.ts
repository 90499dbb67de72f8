/** A thread of clients on the public SDK. */
import { leadCrew } from './crew-orders.ts';
import { Participant } from './participant.ts';

leadCrew((name, url, channels) => new Participant(name, url, channels));
