/** A thread of clients on Socket.IO. */
import { leadCrew } from '../prove/crew-orders.ts';
import { ChatParticipant } from './chat-participant.ts';

leadCrew((member, channels) => new ChatParticipant(member, channels));
