/** How clients that speak to each other in rooms say and hear something. How they come in is with the other rooms (room-dialects.ts). */
import { uuidv7 } from '@hubbub/protocol/id';
import { type Body, dialects } from './dialects.ts';

export type TalkSystem = 'hubbub' | 'socketio';

export interface TalkDialect {
  /** The text that says `body` in a room. */
  say(room: string, body: Body): string;
  /** Whether a message whose first bytes are these brings what somebody has said. */
  carries(bytes: Uint8Array, at: number): boolean;
  /** What a message brings, in order. */
  read(text: string): readonly Body[];
}

const hubbub: TalkDialect = {
  say: (room, body) => {
    const id = uuidv7({ now: Date.now, random: Math.random });
    return JSON.stringify({ req: body.i + 3, cmd: 'send', channel: room, events: [{ id, kind: 'message', body }] });
  },
  carries: dialects.hubbub.carries,
  read: (text) => {
    const { events } = JSON.parse(text) as { readonly events: readonly { readonly kind: string; readonly body: Body }[] };
    return events.filter(({ kind }) => kind === 'message').map(({ body }) => body);
  },
};

const socketio: TalkDialect = {
  say: (room, body) => `42${JSON.stringify(['say', room, body])}`,
  carries: dialects.socketio.carries,
  read: (text) => [(JSON.parse(text.slice(2)) as [string, Body])[1]],
};

export const talkDialects: Readonly<Record<TalkSystem, TalkDialect>> = { hubbub, socketio };
