/** How the systems speak: what a subscriber says, and where in a message stands which event it is. */
import { eventsPrefix } from '@hubbub/protocol/event';
import { parsePosition } from '@hubbub/protocol/position';
import { ComeBack } from './come-back.ts';

export const peerNames = ['ws', 'socketio', 'ws-append', 'bun', 'bun-append', 'floor'] as const;

export type Peer = (typeof peerNames)[number];
export type System = 'hubbub' | Peer;

/** The one channel of a run. */
export const channel = 'room:bench';

/** What a sender puts into an event: its number, and when it was due, in whole microseconds of the monotonic clock. */
export interface Body {
  readonly i: number;
  readonly t: number;
  readonly p: string;
}

/** A body whose JSON has exactly `bytes` bytes. */
export function makeBody(i: number, dueMs: number, bytes: number): Body {
  const t = Math.round(dueMs * 1_000);
  return { i, t, p: 'x'.repeat(Math.max(0, bytes - JSON.stringify({ i, t, p: '' }).length)) };
}

/** The events of one message. */
export interface Carried {
  /** The number of the last one: they are consecutive. */
  readonly last: number;
  /** When each was due, in milliseconds. */
  readonly due: readonly number[];
}

/** What to do about a text that carries no event. */
export interface Step {
  readonly say?: string;
  readonly begin?: Begin;
}

/** From here on events come. */
export interface Begin {
  /** The number of the last event that will not come. */
  readonly cursor: number;
  /** Where in a message its first event's number stands. */
  readonly numberAt: number;
}

export interface Dialect {
  /** Where it asks for the upgrade. Empty: there is none, frames come from the first byte on. */
  readonly path: string;
  /** What comes first, after the upgrade. */
  hello(name: string): Step;
  /** Whether a message whose first bytes are these carries events. Asked of every message: it must cost next to nothing. */
  carries(bytes: Uint8Array, at: number): boolean;
  read(text: string): Carried;
  /** Throws when the server says no: `ComeBack` if only for now. */
  answer(text: string): Step;
  /** A sign of life from a client that has nothing else to say. */
  readonly ping: string;
}

const hubbub: Dialect = {
  path: '/v1/ws',
  hello: (name) => ({ say: JSON.stringify({ req: 1, cmd: 'hello', protocol: 1, session: crypto.randomUUID(), name }) }),
  // `{"push":"events"` and not `"error"`, `"state"`, `"health"`, `"bye"`; replies begin with `{"res"`.
  carries: (bytes, at) => bytes[at + 2] === 0x70 && bytes[at + 9] === 0x65 && bytes[at + 10] === 0x76,
  read: (text) => {
    const { events } = JSON.parse(text) as { events: { offset: number; body: Body }[] };
    return { last: events.at(-1)?.offset ?? 0, due: events.map(({ body }) => body.t / 1_000) };
  },
  answer: (text) => {
    const frame = JSON.parse(text) as { res?: number; error?: { code: string; retryAfter?: number }; results?: { position?: string }[] };
    if (frame.error?.retryAfter !== undefined) throw new ComeBack(frame.error.retryAfter);
    if (frame.error) throw new Error(`refused: ${frame.error.code}`);
    if (frame.res === 1) return { say: JSON.stringify({ req: 2, cmd: 'subscribe', to: [{ channel }] }) };
    if (frame.res !== 2) return {};
    const position = parsePosition(frame.results?.[0]?.position ?? '');
    if (!position?.epoch) throw new Error(`not subscribed: ${text}`);
    return { begin: { cursor: position.offset, numberAt: `${eventsPrefix(channel, position.epoch)}{"offset":`.length } };
  },
  ping: '{"req":3,"cmd":"ping"}',
};

/** The body is the message. */
const ws: Dialect = {
  path: '/',
  hello: () => ({ begin: { cursor: 0, numberAt: '{"i":'.length } }),
  carries: () => true,
  read: (text) => one(JSON.parse(text) as Body),
  answer: () => ({}),
  ping: '',
};

/** Engine.IO 4 and Socket.IO 5 (their protocol pages): `0` greets, `40` opens, `2` asks and `3` answers for a sign of life, `42` is an event. */
const socketio: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  hello: () => ({}),
  carries: (bytes, at) => bytes[at] === 0x34 && bytes[at + 1] === 0x32,
  read: (text) => one((JSON.parse(text.slice(2)) as [string, Body])[1]),
  answer: (text) => {
    if (text === '2') return { say: '3' };
    if (text.startsWith('0')) return { say: '40' };
    return text.startsWith('40') ? { begin: { cursor: 0, numberAt: '42["m",{"i":'.length } } : {};
  },
  ping: '3',
};

/** Its lines are bodies, filled up with spaces, which JSON lets pass. */
const floor: Dialect = { ...ws, path: '' };

export const dialects: Readonly<Record<System, Dialect>> = {
  hubbub,
  ws,
  socketio,
  'ws-append': ws,
  bun: ws,
  'bun-append': ws,
  floor,
};

/** Peers number nothing: the sender's number is the event's. */
function one({ i, t }: Body): Carried {
  return { last: i, due: [t / 1_000] };
}
