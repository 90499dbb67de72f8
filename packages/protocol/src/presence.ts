/** Frames of what passes: signals, and who is there. None of it is in the log. Offered by `frames.ts`. */
import { type Static, Type } from 'typebox';
import { closed, request } from './command.ts';
import { limits } from './limits.ts';

export const SignalCommand = Type.Object(
  {
    ...request,
    cmd: Type.Literal('signal'),
    channel: Type.String({ maxLength: 256 }),
    kind: Type.String({ maxLength: 64 }),
    body: Type.Unknown(),
  },
  closed,
);

export const SignalPush = Type.Object({
  push: Type.Literal('signal'),
  channel: Type.String(),
  from: Type.String(),
  kind: Type.String(),
  body: Type.Unknown(),
});

export const PresenceCommand = Type.Object(
  {
    ...request,
    cmd: Type.Literal('presence'),
    channel: Type.String({ maxLength: 256 }),
    on: Type.Boolean(),
    after: Type.Optional(Type.String({ maxLength: 256 })),
  },
  closed,
);

/** Somebody who is there, with how many sessions. */
export const Attendee = Type.Object({ user: Type.String(), sessions: Type.Integer({ minimum: 1 }) });

export const PresenceReply = Type.Object({
  count: Type.Integer({ minimum: 0 }),
  sample: Type.Array(Attendee, { maxItems: limits.presencePage }),
  next: Type.Optional(Type.String()),
  crowd: Type.Optional(Type.Literal(true)),
  signals: Type.Boolean(),
});

export const PresencePush = Type.Object({
  push: Type.Literal('presence'),
  channel: Type.String(),
  count: Type.Integer({ minimum: 0 }),
  joined: Type.Array(Attendee),
  left: Type.Array(Type.String()),
  whole: Type.Optional(Type.Literal(true)),
  crowd: Type.Optional(Type.Literal(true)),
  signals: Type.Optional(Type.Boolean()),
  next: Type.Optional(Type.String()),
});

export type SignalCommand = Static<typeof SignalCommand>;
export type SignalPush = Static<typeof SignalPush>;
export type PresenceCommand = Static<typeof PresenceCommand>;
export type Attendee = Static<typeof Attendee>;
export type PresenceReply = Static<typeof PresenceReply>;
export type PresencePush = Static<typeof PresencePush>;
