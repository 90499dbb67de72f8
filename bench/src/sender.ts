import { once } from 'node:events';
import { connect } from 'node:net';
import { isPassing, type Problem } from '@hubbub/protocol/codes';
import { uuidv7 } from '@hubbub/protocol/id';
import { limits } from '@hubbub/protocol/limits';
import { WebSocket } from 'ws';
import { comeIn } from './come-back.ts';
import { type Body, channel, dialects, makeBody } from './dialects.ts';
import type { Running } from './systems.ts';

/** One client that says what is to be delivered. */
export interface Sender extends Disposable {
  /** Sends event number `i`, due at `dueMs`; if it has to wait for its turn, it waits here. */
  send(i: number, dueMs: number): void;
  /** Events that the server refused for good. */
  readonly refused: number;
}

/** Connects a sender of bodies of `bytes` bytes. */
export async function openSender({ system, port, serviceKey }: Running, bytes: number): Promise<Sender> {
  if (system === 'hubbub') return comeIn(() => HubbubSender.open(port, bytes, serviceKey ?? ''));
  if (system === 'floor') return openLines(port, bytes);
  const path = system === 'socketio' ? `${dialects.socketio.path}&role=send` : '/send';
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
  if (system === 'socketio') await greetSocketIo(socket);
  else await once(socket, 'open');
  const frame = system === 'socketio' ? (body: Body) => `42${JSON.stringify(['m', body])}` : (body: Body) => JSON.stringify(body);
  return {
    refused: 0,
    send: (i, dueMs) => socket.send(frame(makeBody(i, dueMs, bytes))),
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** Bodies, a line each, on plain TCP. */
async function openLines(port: number, bytes: number): Promise<Sender> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return {
    refused: 0,
    send: (i, dueMs) => void socket.write(`${JSON.stringify(makeBody(i, dueMs, bytes))}\n`),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Resolves when the server has let it in. Its questions for a sign of life are answered from then on, too. */
function greetSocketIo(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const { say, begin } = dialects.socketio.answer(data.toString());
      if (say !== undefined) socket.send(say);
      if (begin) resolve();
    });
  });
}

interface Draft {
  readonly id: string;
  readonly kind: 'message';
  readonly body: Body;
}

interface Reply {
  readonly res?: number;
  readonly error?: Problem;
  readonly results?: readonly { readonly error?: Problem }[];
}

/** Half a frame, so that what JSON adds has room. */
const frameBytes = limits.frameBytes / 2;

/** Sends as a client of ours has to: one `send` unanswered, and what falls due meanwhile goes with the next. */
class HubbubSender implements Sender {
  readonly #socket: WebSocket;
  readonly #bytes: number;
  readonly #events: number;
  #waiting: Draft[] = [];
  #inFlight: Draft[] = [];
  #req = 1;
  refused = 0;

  private constructor(socket: WebSocket, bytes: number) {
    this.#socket = socket;
    this.#bytes = bytes;
    this.#events = Math.min(limits.sendEvents, Math.floor(frameBytes / bytes));
    socket.on('message', (data) => this.#hear(JSON.parse(data.toString()) as Reply));
  }

  static async open(port: number, bytes: number, token: string): Promise<HubbubSender> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${dialects.hubbub.path}`, { perMessageDeflate: false });
    await once(socket, 'open');
    socket.send(JSON.stringify({ req: 1, cmd: 'hello', protocol: 1, session: crypto.randomUUID(), token }));
    const [first] = (await once(socket, 'message')) as [Buffer];
    dialects.hubbub.answer(first.toString());
    return new HubbubSender(socket, bytes);
  }

  send(i: number, dueMs: number): void {
    const id = uuidv7({ now: Date.now, random: Math.random });
    this.#waiting.push({ id, kind: 'message', body: makeBody(i, dueMs, this.#bytes) });
    this.#pump();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #pump(): void {
    if (this.#inFlight.length > 0 || this.#waiting.length === 0) return;
    this.#inFlight = this.#waiting.splice(0, this.#events);
    this.#req += 1;
    this.#socket.send(JSON.stringify({ req: this.#req, cmd: 'send', channel, events: this.#inFlight }));
  }

  #hear({ res, error, results = [] }: Reply): void {
    if (res !== this.#req) return;
    const passing = (problem?: Problem): boolean => problem !== undefined && isPassing(problem.code);
    // A command that is refused whole refuses each of its events.
    const outcomes = error && !passing(error) ? this.#inFlight.map(() => ({ error })) : results;
    const last = outcomes.at(-1)?.error ?? error;
    const taken = outcomes.filter((outcome) => !passing(outcome.error));
    this.refused += taken.filter((outcome) => outcome.error).length;
    // What was not taken goes again, with its ids: it may be in the log already.
    this.#waiting.unshift(...this.#inFlight.slice(taken.length));
    this.#inFlight = [];
    if (passing(last)) setTimeout(() => this.#pump(), last?.retryAfter ?? 50);
    else this.#pump();
  }
}
