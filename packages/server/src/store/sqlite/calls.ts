/** What the handle asks its workers, and what it gets: the messages of two threads of one process. */
import type { Appended, Checked, FactPage, FactQuery, Heads, Item, Moved, Page, Pair, Range, StoreCode } from '../store.ts';
import type { OpenCode } from './errors.ts';

export interface WriterCalls {
  append: { input: { items: readonly Item[]; known: Pair }; output: Appended };
  renew: { input: { from: string; known: Pair }; output: Pair };
  trim: { input: { channel: string; first: number; known: Pair }; output: Pair };
  backup: { input: { path: string }; output: { bytes: number } };
  /** Ends the backup that is under way; which is answered as its own call. */
  endBackup: { input: null; output: null };
  close: { input: null; output: null };
}

export interface ReaderCalls {
  read: { input: { channel: string; range: Range; limit: number }; output: Page };
  heads: { input: { channels: readonly string[] }; output: Heads };
  moved: { input: { since: string | undefined; limit: number }; output: Moved };
  facts: { input: { query: FactQuery; limit: number; from: string | undefined }; output: FactPage };
  close: { input: null; output: null };
}

export interface CheckerCalls {
  check: { input: null; output: Checked };
}

export type CallsOf<Calls> = { [Name in keyof Calls]: { input: unknown; output: unknown } };

/** One call on its way to a worker. */
export type Question<Calls extends CallsOf<Calls>> = {
  [Name in keyof Calls]: { readonly call: number; readonly name: Name; readonly input: Calls[Name]['input'] };
}[keyof Calls];

/** What a worker says. `pair` goes with an error that tells of another history. */
export type Answer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly code: StoreCode; readonly text: string; readonly pair?: Pair }
  /** Still at it; what a caller waits for in pieces. */
  | { readonly call: number; readonly progress: number | string }
  | { readonly fatal: string }
  | { readonly note: string }
  | { readonly refused: OpenCode; readonly text: string }
  | { readonly ready: Ready };

/** What the writer tells once the folder is open. */
export interface Ready extends Pair {
  readonly id: string;
  readonly inode: string;
}
