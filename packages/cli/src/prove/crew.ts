/** A thread of clients on the public SDK. */
import { leadCrew } from './crew-orders.ts';
import { Participant } from './participant.ts';

leadCrew((member, channels) => new Participant(member, channels));
