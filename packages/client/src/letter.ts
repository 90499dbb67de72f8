import type { Ack, Written } from './draft.ts';
import type { HubbubError } from './error.ts';

/**
 * An event on its way: `pending` (waits its turn or the link), `sent` (on the wire), `unknown` (no answer in time; it goes on with the
 * same id), `failed` (refused for good; `retry` or `discard`).
 */
export interface Outgoing {
  readonly id: string;
  readonly channel: string;
  readonly kind: string;
  readonly body: unknown;
  readonly state: 'pending' | 'sent' | 'unknown' | 'failed';
  readonly error?: { readonly code: string; readonly text: string };
}

/** An event on its way, as the outbox has it. */
export interface Letter extends Written {
  readonly channel: string;
  /** Whose it is; undefined: of whoever signs in next. */
  user: string | undefined;
  /** It outlives the program from here on, so it may go: what is sent and not kept could be sent again by nobody. */
  kept: boolean;
  state: Outgoing['state'];
  error: { readonly code: string; readonly text: string } | undefined;
  tries: number;
  resolve: (ack: Ack) => void;
  reject: (error: HubbubError) => void;
}

export function shown({ id, channel, kind, body, state, error }: Letter): Outgoing {
  return { id, channel, kind, body, state, ...(error && { error }) };
}

export function refuse(letter: Letter, error: HubbubError): void {
  letter.state = 'failed';
  letter.error = { code: error.code, text: error.message };
  letter.reject(error);
}
