/**
 * The schemas of every frame (PROTOCOL, "Frames"). Servers validate with them; clients import only their types.
 * A command with a member that is not listed is refused: a misspelt option that is ignored is worse than an error. `hello` alone
 * takes unknown members, so that a newer client gets `upgrade_required` and not `bad_command`.
 */
import { type Static, Type } from 'typebox';
import type { AdminCommand, BackupReply, CheckReply, CommandPush, EpochReply, TrimReply } from './admin.ts';
import { BackupCommand, CheckCommand, EpochCommand, TrimCommand } from './admin.ts';
import { ChannelsCommand, type ChannelsReply } from './channels.ts';
import { closed, request } from './command.ts';
import { limits } from './limits.ts';
import { PresenceCommand, type PresencePush, type PresenceReply, SignalCommand, type SignalPush } from './presence.ts';

export * from './admin.ts';
export * from './channels.ts';
export * from './presence.ts';

export const HelloCommand = Type.Object({
  ...request,
  cmd: Type.Literal('hello'),
  protocol: Type.Integer(),
  build: Type.Optional(Type.String({ maxLength: 64 })),
  session: Type.String({ maxLength: 64 }),
  token: Type.Optional(Type.String({ maxLength: 8192 })),
  name: Type.Optional(Type.String({ maxLength: 256 })),
});

export const RefreshCommand = Type.Object({ ...request, cmd: Type.Literal('refresh'), token: Type.String({ maxLength: 8192 }) }, closed);

export const SubscribeTarget = Type.Object(
  {
    channel: Type.String({ maxLength: 256 }),
    position: Type.Optional(Type.String({ maxLength: 64 })),
    maxGap: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);

export const SubscribeCommand = Type.Object(
  { ...request, cmd: Type.Literal('subscribe'), to: Type.Array(SubscribeTarget, { minItems: 1 }) },
  closed,
);

export const UnsubscribeCommand = Type.Object(
  { ...request, cmd: Type.Literal('unsubscribe'), channels: Type.Array(Type.String({ maxLength: 256 }), { minItems: 1 }) },
  closed,
);

export const Draft = Type.Object(
  {
    id: Type.String({ maxLength: 64 }),
    kind: Type.String({ maxLength: 64 }),
    body: Type.Unknown(),
    from: Type.Optional(Type.String({ maxLength: 256 })),
    ts: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  closed,
);

export const SendCommand = Type.Object(
  { ...request, cmd: Type.Literal('send'), channel: Type.String({ maxLength: 256 }), events: Type.Array(Draft, { minItems: 1 }) },
  closed,
);

const Place = Type.String({ maxLength: 64 });

export const HistoryCommand = Type.Object(
  {
    ...request,
    cmd: Type.Literal('history'),
    channel: Type.String({ maxLength: 256 }),
    before: Type.Optional(Place),
    after: Type.Optional(Place),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.historyEvents })),
  },
  closed,
);

const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const FactsCommand = Type.Object(
  {
    ...request,
    cmd: Type.Literal('facts'),
    channel: Type.String({ maxLength: 256 }),
    prefix: Type.Optional(Type.String({ maxLength: 256 })),
    after: Type.Optional(Place),
    about: Type.Optional(Type.Array(Offset, { minItems: 2, maxItems: 2 })),
    next: Type.Optional(Type.String({ maxLength: 1024 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.factsPage })),
  },
  closed,
);

export const InboxCommand = Type.Object({ ...request, cmd: Type.Literal('inbox'), on: Type.Boolean() }, closed);

export const PingCommand = Type.Object({ ...request, cmd: Type.Literal('ping') }, closed);

export type HelloCommand = Static<typeof HelloCommand>;
export type RefreshCommand = Static<typeof RefreshCommand>;
export type SubscribeCommand = Static<typeof SubscribeCommand>;
export type SubscribeTarget = Static<typeof SubscribeTarget>;
export type UnsubscribeCommand = Static<typeof UnsubscribeCommand>;
export type SendCommand = Static<typeof SendCommand>;
export type Draft = Static<typeof Draft>;
export type HistoryCommand = Static<typeof HistoryCommand>;
export type FactsCommand = Static<typeof FactsCommand>;
export type InboxCommand = Static<typeof InboxCommand>;
export type PingCommand = Static<typeof PingCommand>;

/** Schemas by command name. */
export const commands = {
  hello: HelloCommand,
  refresh: RefreshCommand,
  subscribe: SubscribeCommand,
  unsubscribe: UnsubscribeCommand,
  send: SendCommand,
  history: HistoryCommand,
  facts: FactsCommand,
  channels: ChannelsCommand,
  inbox: InboxCommand,
  signal: SignalCommand,
  presence: PresenceCommand,
  ping: PingCommand,
  backup: BackupCommand,
  check: CheckCommand,
  trim: TrimCommand,
  epoch: EpochCommand,
} as const;

export type CommandName = keyof typeof commands;
export type Command =
  | HelloCommand
  | RefreshCommand
  | SubscribeCommand
  | UnsubscribeCommand
  | SendCommand
  | HistoryCommand
  | FactsCommand
  | ChannelsCommand
  | InboxCommand
  | SignalCommand
  | PresenceCommand
  | PingCommand
  | AdminCommand;

const Problem = Type.Object({ code: Type.String(), text: Type.String(), retryAfter: Type.Optional(Type.Number()) });
const Failed = Type.Object({ error: Problem });

export const EventFrame = Type.Object({
  offset: Type.Integer({ minimum: 1 }),
  n: Type.Integer({ minimum: 0 }),
  ts: Type.Integer(),
  id: Type.String(),
  from: Type.String(),
  kind: Type.String(),
  empties: Type.Optional(Type.Array(Type.Integer(), { maxItems: limits.empties })),
  concerns: Type.Optional(Type.Array(Type.String(), { maxItems: limits.concerns })),
  body: Type.Unknown(),
  emptied: Type.Optional(Type.Integer()),
});

export const HistoryReply = Type.Object({
  epoch: Type.String(),
  head: Type.Integer(),
  n: Type.Integer(),
  first: Type.Integer(),
  events: Type.Array(EventFrame),
});

export const FactFrame = Type.Object({
  key: Type.String(),
  value: Type.Unknown(),
  offset: Type.Integer(),
  about: Type.Optional(Type.Integer()),
});
export const FactsReply = Type.Object({ epoch: Type.String(), facts: Type.Array(FactFrame), next: Type.Optional(Type.String()) });

export const HelloReply = Type.Object({
  user: Type.String(),
  token: Type.Optional(Type.String()),
  expiresIn: Type.Optional(Type.Integer()),
  node: Type.String(),
  build: Type.String(),
  limits: Type.Record(Type.String(), Type.Number()),
});

export const RefreshReply = Type.Object({ expiresIn: Type.Optional(Type.Integer()) });

export const Subscribed = Type.Object({
  position: Type.String(),
  head: Type.Integer(),
  n: Type.Integer(),
  first: Type.Integer(),
  live: Type.Boolean(),
});
export const SubscribeReply = Type.Object({ results: Type.Array(Type.Union([Subscribed, Failed])) });

export const Sent = Type.Object({
  offset: Type.Integer(),
  n: Type.Integer(),
  ts: Type.Integer(),
  duplicate: Type.Optional(Type.Literal(true)),
});
export const SendReply = Type.Object({ epoch: Type.String(), results: Type.Array(Type.Union([Sent, Failed])) });

export type HelloReply = Static<typeof HelloReply>;
export type RefreshReply = Static<typeof RefreshReply>;
export type Subscribed = Static<typeof Subscribed>;
export type SubscribeReply = Static<typeof SubscribeReply>;
export type Sent = Static<typeof Sent>;
export type SendReply = Static<typeof SendReply>;
export type Failed = Static<typeof Failed>;
export type HistoryReply = Static<typeof HistoryReply>;
export type FactFrame = Static<typeof FactFrame>;
export type FactsReply = Static<typeof FactsReply>;

/** The result member of each command's reply. */
export interface Replies {
  hello: HelloReply;
  refresh: RefreshReply;
  subscribe: SubscribeReply;
  unsubscribe: Record<never, never>;
  send: SendReply;
  history: HistoryReply;
  facts: FactsReply;
  channels: ChannelsReply;
  inbox: Record<never, never>;
  signal: Record<never, never>;
  presence: PresenceReply | Record<never, never>;
  ping: Record<never, never>;
  backup: BackupReply;
  check: CheckReply;
  trim: TrimReply;
  epoch: EpochReply;
}

export const EventsPush = Type.Object({
  push: Type.Literal('events'),
  channel: Type.String(),
  epoch: Type.String(),
  events: Type.Array(EventFrame),
});

export const StatePush = Type.Object({
  push: Type.Literal('state'),
  channel: Type.String(),
  state: Type.Union([Type.Literal('live'), Type.Literal('behind'), Type.Literal('reset'), Type.Literal('trimmed'), Type.Literal('gone')]),
  reason: Type.Optional(Type.String()),
  position: Type.Optional(Type.String()),
  head: Type.Optional(Type.Integer()),
});

export const InboxPush = Type.Object({
  push: Type.Literal('inbox'),
  epoch: Type.String(),
  channels: Type.Array(Type.Object({ channel: Type.String(), head: Type.Integer(), n: Type.Integer() })),
  gone: Type.Optional(Type.Array(Type.String())),
  whole: Type.Optional(Type.Literal(true)),
  more: Type.Optional(Type.Literal(true)),
});

export const HealthPush = Type.Object({ push: Type.Literal('health'), stale: Type.Boolean(), degraded: Type.Boolean() });
export const ByePush = Type.Object({ push: Type.Literal('bye'), after: Type.Number(), retryAfter: Type.Optional(Type.Number()) });
export const ErrorPush = Type.Object({ push: Type.Literal('error'), error: Problem });

export type EventsPush = Static<typeof EventsPush>;
export type StatePush = Static<typeof StatePush>;
export type InboxPush = Static<typeof InboxPush>;
export type HealthPush = Static<typeof HealthPush>;
export type ByePush = Static<typeof ByePush>;
export type ErrorPush = Static<typeof ErrorPush>;
export type Push = EventsPush | StatePush | InboxPush | SignalPush | PresencePush | CommandPush | HealthPush | ByePush | ErrorPush;

/** A reply: to a command by its number, with what it brought or what went wrong. */
export type Reply = { readonly res: number } & (Record<string, unknown> | { readonly error: Static<typeof Problem> });

/** Why a client has to drop what it holds of a channel. */
export type ResetReason = 'new_epoch' | 'beyond_head' | 'too_old';
