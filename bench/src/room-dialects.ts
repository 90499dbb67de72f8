/** How a client that reads several rooms comes in, and comes back. */
import type { Problem } from '@hubbub/protocol/codes';
import { formatPosition, parsePosition } from '@hubbub/protocol/position';
import { ComeBack } from './come-back.ts';
import { dialects } from './dialects.ts';
import type { Place } from './event-pages.ts';

export type RoomSystem = 'hubbub' | 'ws' | 'socketio';

/** Who comes, and where he stands in his rooms. */
export interface Guest {
  readonly name: string;
  readonly session: string;
  readonly places: readonly Place[];
  /** What he was given to be the same person again. */
  token?: string;
}

export interface RoomStep {
  readonly say?: string;
  /** He is in all of his rooms. */
  readonly inside?: true;
}

export interface RoomDialect {
  readonly path: string;
  /** What comes first, after the upgrade. */
  hello(guest: Guest): RoomStep;
  /** Whether a message brings events. */
  carries(bytes: Uint8Array, at: number): boolean;
  /** Any other message. Throws when the server says no: `ComeBack` if only for now. */
  answer(text: string, guest: Guest): RoomStep;
}

interface HubbubFrame {
  readonly res?: number;
  readonly error?: Problem;
  readonly token?: string;
  readonly results?: readonly { readonly position?: string; readonly error?: Problem }[];
  readonly push?: string;
  readonly state?: string;
}

const hubbub: RoomDialect = {
  path: dialects.hubbub.path,
  hello: ({ session, name, token }) => {
    const who = token === undefined ? { name } : { token };
    return { say: JSON.stringify({ req: 1, cmd: 'hello', protocol: 1, session, ...who }) };
  },
  carries: dialects.hubbub.carries,
  answer: (text, guest) => {
    const frame = JSON.parse(text) as HubbubFrame;
    const { error = frame.results?.find((result) => result.error)?.error } = frame;
    if (error?.retryAfter !== undefined) throw new ComeBack(error.retryAfter);
    if (error) throw new Error(`refused: ${error.code}`);
    // What begins anew, or at another place, has lost what he came back for.
    if (frame.state === 'reset' || frame.state === 'trimmed' || frame.state === 'gone') throw new Error(`a subscription is ${frame.state}`);
    if (frame.res === 1) {
      if (frame.token !== undefined) guest.token = frame.token;
      const to = guest.places.map(({ channel, offset, epoch }) => ({
        channel,
        ...(epoch !== '' && { position: formatPosition({ offset, epoch }) }),
      }));
      return { say: JSON.stringify({ req: 2, cmd: 'subscribe', to }) };
    }
    if (frame.res !== 2) return {};
    for (const [at, place] of guest.places.entries()) {
      const position = parsePosition(frame.results?.[at]?.position ?? '');
      if (position?.epoch === undefined) throw new Error(`not subscribed: ${text}`);
      if (place.epoch !== '' && (position.offset !== place.offset || position.epoch !== place.epoch)) {
        throw new Error(`${place.channel} goes on from ${formatPosition(position)} and not from ${place.offset}~${place.epoch}`);
      }
      place.offset = position.offset;
      place.epoch = position.epoch;
    }
    return { inside: true };
  },
};

/** Knows no rooms. */
const ws: RoomDialect = {
  path: dialects.ws.path,
  hello: () => ({ inside: true }),
  carries: () => false,
  answer: () => ({}),
};

/** An event that asks for an answer is `42` and a number, the answer `43` and the same. Nothing comes of what was said while he was away. */
const socketio: RoomDialect = {
  path: `${dialects.socketio.path}&role=rooms`,
  hello: () => ({}),
  carries: () => false,
  answer: (text, { places }) => {
    if (text === '2') return { say: '3' };
    if (text.startsWith('0')) return { say: '40' };
    if (text.startsWith('40')) return { say: `420${JSON.stringify(['join', places.map(({ channel }) => channel)])}` };
    return text.startsWith('430') ? { inside: true } : {};
  },
};

export const roomDialects: Readonly<Record<RoomSystem, RoomDialect>> = { hubbub, ws, socketio };
