import { bodyText } from '@hubbub/protocol/body';
import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { isId, isKind, isUser } from '@hubbub/protocol/names';
import { HubbubError } from './error.ts';

export interface Draft {
  readonly kind: string;
  readonly body: unknown;
  /** Left out: a new UUID v7. */
  readonly id?: string;
  /** Importers only. */
  readonly from?: string;
  readonly ts?: number;
}

export interface Ack {
  readonly offset: number;
  readonly n: number;
  readonly ts: number;
  readonly epoch: string;
  /** It was in the log already: an earlier try had arrived. */
  readonly duplicate: boolean;
}

/** A draft that has its id, and its text as it goes on the wire. */
export interface Written {
  readonly id: string;
  readonly kind: string;
  readonly body: unknown;
  readonly text: string;
}

/** Gives a draft its id and its text. Throws a HubbubError: what the server would refuse for its form. */
export function write(draft: Draft, env: Env): Written {
  const { kind, from, ts } = draft;
  let body: string;
  try {
    checkForm(draft);
    body = bodyText(draft.body);
  } catch (error) {
    throw error instanceof Refusal ? HubbubError.of(error) : new HubbubError('bad_body', 'the body is no JSON value');
  }
  const id = draft.id ?? uuidv7(env);
  const head = JSON.stringify({ id, kind, ...(from !== undefined && { from }), ...(ts !== undefined && { ts }) });
  return { id, kind, body: JSON.parse(body), text: `${head.slice(0, -1)},"body":${body}}` };
}

/** What was written and kept; undefined where it cannot be read, or is no event: whatever has kept it may have harmed it. */
export function read({ id, text }: Pick<Written, 'id' | 'text'>): Written | undefined {
  try {
    const draft = JSON.parse(text) as Draft;
    checkForm(draft);
    return draft.id === id && draft.body !== undefined ? { id, kind: draft.kind, body: draft.body, text } : undefined;
  } catch {
    return undefined;
  }
}

/** Throws what the server would answer: for some of it to the whole command, so that the events beside it would be refused too. */
function checkForm({ id, kind, from, ts }: Draft): void {
  if (id !== undefined && !isId(id)) throw new Refusal('bad_id', 'an id is a UUID in lower case');
  if (!isKind(kind)) throw new Refusal('bad_kind', 'a kind is 1 to 32 of a-z 0-9 . _ -, a letter first');
  if (from !== undefined && !isUser(from)) throw new Refusal('bad_name', 'this is no name of a user');
  if (ts !== undefined && !(Number.isSafeInteger(ts) && ts >= 0)) throw new Refusal('bad_command', 'a ts is whole milliseconds');
}
