/** What a server says, against its schemas: strictly, so that a member that nobody has described is found too. */
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import * as frames from './frames.ts';

type Validator = ReturnType<typeof Compile>;

const nothing = Type.Object({});
const replies: { readonly [Name in frames.CommandName]: TSchema } = {
  hello: frames.HelloReply,
  refresh: frames.RefreshReply,
  subscribe: frames.SubscribeReply,
  unsubscribe: nothing,
  send: frames.SendReply,
  history: frames.HistoryReply,
  facts: frames.FactsReply,
  channels: frames.ChannelsReply,
  inbox: nothing,
  signal: nothing,
  presence: Type.Union([frames.PresenceReply, nothing]),
  ping: nothing,
  backup: frames.BackupReply,
  check: frames.CheckReply,
  trim: frames.TrimReply,
  epoch: frames.EpochReply,
};
const pushes: { readonly [Name in frames.Push['push']]: TSchema } = {
  events: frames.EventsPush,
  state: frames.StatePush,
  inbox: frames.InboxPush,
  signal: frames.SignalPush,
  presence: frames.PresencePush,
  progress: frames.ProgressPush,
  problem: frames.ProblemPush,
  health: frames.HealthPush,
  bye: frames.ByePush,
  error: frames.ErrorPush,
};

/** The same with every object closed. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  return 'properties' in copy && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}

const compiled = new Map<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (!validator) {
    validator = Compile(strict(schema) as TSchema);
    compiled.set(schema, validator);
  }
  return validator;
}

/** Throws when the frame is not one that PROTOCOL describes. `cmd`: what it answers, where that is known. */
export function checkSaid(frame: Readonly<Record<string, unknown>>, cmd?: string): void {
  const { push, res, error, ...result } = frame;
  const complain = (why: string): never => {
    throw new Error(`the server says what is in no schema: ${why}: ${JSON.stringify(frame).slice(0, 500)}`);
  };
  const check = (schema: TSchema | undefined, value: unknown): void => {
    if (!schema) return complain('unknown');
    const validator = validatorOf(schema);
    if (!validator.Check(value)) complain(JSON.stringify(validator.Errors(value)[0]));
  };
  if (push !== undefined) return check(pushes[push as keyof typeof pushes], frame);
  if (!Number.isSafeInteger(res)) complain('neither push nor reply');
  if (error !== undefined) return check(frames.ErrorPush, { push: 'error', error });
  if (cmd !== undefined && Object.hasOwn(replies, cmd)) check(replies[cmd as frames.CommandName], result);
}
