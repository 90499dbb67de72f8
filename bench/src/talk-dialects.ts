/** How clients that speak to each other in rooms say and hear something. How they come in is with the other rooms (room-dialects.ts). */
import { isPassing, type Problem } from '@hubbub/protocol/codes';
import { uuidv7 } from '@hubbub/protocol/id';
import { type Body, dialects } from './dialects.ts';

export type TalkSystem = 'hubbub' | 'socketio';

/** What became of something said: it is taken, or is to be said again, after so many milliseconds. */
export type Taken = { readonly taken: true } | { readonly againAfter: number };

export interface TalkDialect {
  /** The text that says `body` in a room. */
  say(room: string, body: Body): string;
  /** Whether it is told what became of what it says: then it says one thing at a time. */
  readonly isAnswered: boolean;
  /** What a text says about that; undefined: nothing. Throws when what was said is refused for good. */
  taken(text: string): Taken | undefined;
  /** Whether a message whose first bytes are these brings what somebody has said. */
  carries(bytes: Uint8Array, at: number): boolean;
  /** What a message brings, in order. */
  read(text: string): readonly Body[];
}

interface Reply {
  readonly res?: number;
  readonly error?: Problem;
  readonly results?: readonly { readonly error?: Problem }[];
}

/** `hello` and `subscribe` have the numbers before. */
const firstSend = 3;

const hubbub: TalkDialect = {
  say: (room, body) => {
    const id = uuidv7({ now: Date.now, random: Math.random });
    return JSON.stringify({ req: firstSend + body.i, cmd: 'send', channel: room, events: [{ id, kind: 'message', body }] });
  },
  isAnswered: true,
  taken: (text) => {
    const { res = 0, error, results } = JSON.parse(text) as Reply;
    if (res < firstSend) return undefined;
    const problem = error ?? results?.[0]?.error;
    if (!problem) return { taken: true };
    if (isPassing(problem.code)) return { againAfter: problem.retryAfter ?? 50 };
    throw new Error(`refused: ${problem.code}`);
  },
  carries: dialects.hubbub.carries,
  read: (text) => {
    const { events } = JSON.parse(text) as { readonly events: readonly { readonly kind: string; readonly body: Body }[] };
    return events.filter(({ kind }) => kind === 'message').map(({ body }) => body);
  },
};

const socketio: TalkDialect = {
  say: (room, body) => `42${JSON.stringify(['say', room, body])}`,
  isAnswered: false,
  taken: () => undefined,
  carries: dialects.socketio.carries,
  read: (text) => [(JSON.parse(text.slice(2)) as [string, Body])[1]],
};

export const talkDialects: Readonly<Record<TalkSystem, TalkDialect>> = { hubbub, socketio };
