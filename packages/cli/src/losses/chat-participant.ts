import { platformEnv } from '@hubbub/client/platform/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { type SocketIoSocket, socketIo } from '../../../../bench/src/socket-io-client.ts';
import type { Member, Speaker } from '../prove/crew-orders.ts';
import { type Account, now, type Step } from '../prove/history.ts';
import { Sendings } from '../prove/sendings.ts';

/** As the page "Delivery guarantees" has it: what is sent arrives at least once, or its sender is told. */
const atLeastOnce = { retries: 3, ackTimeout: 10_000 };
/** A log has offsets, and a history has an epoch: here there is neither. */
const none = { epoch: '', offset: 0 };

/** One client of a run on Socket.IO: it comes back by itself, names its rooms each time, and writes down what becomes of all. */
export class ChatParticipant implements Speaker {
  readonly name: string;
  readonly #socket: SocketIoSocket;
  readonly #env = platformEnv();
  readonly #sendings = new Sendings();
  readonly #steps: Record<string, Step[]>;

  constructor({ name, url }: Member, channels: readonly string[]) {
    this.name = name;
    this.#steps = Object.fromEntries(channels.map((channel) => [channel, []]));
    this.#socket = socketIo(url, {
      path: '/v1/ws',
      addTrailingSlash: false,
      transports: ['websocket'],
      auth: { rooms: channels },
      ...atLeastOnce,
    });
    this.#socket.on('message', (room, body) => {
      const events = [[none.offset, (body as { id: string }).id]] as const;
      this.#steps[String(room)]?.push({ what: 'events', at: now(), epoch: none.epoch, events });
    });
  }

  get unanswered(): number {
    return this.#sendings.unanswered;
  }

  get answered(): number {
    return this.#sendings.answered;
  }

  /** It knows that it is connected, and not what it has missed. */
  get live(): boolean {
    return this.#socket.connected;
  }

  /** How much it has been given. */
  offset(channel: string): number {
    return this.#steps[channel]?.length ?? 0;
  }

  async send(channel: string, text: string): Promise<void> {
    const id = uuidv7(this.#env);
    const send = () => this.#socket.emitWithAck('message', channel, { id, text }).then(() => none);
    await this.#sendings.send(channel, id, send, String);
  }

  account(): Account {
    return { name: this.name, user: this.name, sendings: this.#sendings.all, steps: this.#steps, holes: 0, garbled: 0, troubles: [] };
  }
}
