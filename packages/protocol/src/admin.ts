/** What the administrator has: commands that take as long as they take, and the news of them (PROTOCOL, P40 to P47). */
import { type Static, Type } from 'typebox';
import { closed, request } from './command.ts';

export const BackupCommand = Type.Object(
  { ...request, cmd: Type.Literal('backup'), path: Type.String({ minLength: 1, maxLength: 4096 }) },
  closed,
);

export const CheckCommand = Type.Object({ ...request, cmd: Type.Literal('check') }, closed);

export const TrimCommand = Type.Object(
  { ...request, cmd: Type.Literal('trim'), channel: Type.String({ maxLength: 256 }), before: Type.String({ maxLength: 64 }) },
  closed,
);

export const EpochCommand = Type.Object({ ...request, cmd: Type.Literal('epoch') }, closed);

export type BackupCommand = Static<typeof BackupCommand>;
export type CheckCommand = Static<typeof CheckCommand>;
export type TrimCommand = Static<typeof TrimCommand>;
export type EpochCommand = Static<typeof EpochCommand>;
/** What the administrator alone may do. */
export type AdminCommand = BackupCommand | CheckCommand | TrimCommand | EpochCommand;

export const BackupReply = Type.Object({ path: Type.String(), bytes: Type.Integer() });
export const CheckReply = Type.Object({
  channels: Type.Integer(),
  events: Type.Integer(),
  facts: Type.Integer(),
  problems: Type.Integer(),
});
export const TrimReply = Type.Object({ first: Type.Integer() });
export const EpochReply = Type.Object({ epoch: Type.String() });

export type BackupReply = Static<typeof BackupReply>;
export type CheckReply = Static<typeof CheckReply>;
export type TrimReply = Static<typeof TrimReply>;
export type EpochReply = Static<typeof EpochReply>;

export const ProgressPush = Type.Object({
  push: Type.Literal('progress'),
  req: Type.Integer(),
  done: Type.Number({ minimum: 0, maximum: 1 }),
});
export const ProblemPush = Type.Object({ push: Type.Literal('problem'), req: Type.Integer(), text: Type.String() });

export type ProgressPush = Static<typeof ProgressPush>;
export type ProblemPush = Static<typeof ProblemPush>;
/** What a command's own number stands on: news of it before its reply. */
export type CommandPush = ProgressPush | ProblemPush;
