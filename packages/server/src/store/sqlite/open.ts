/** Opens the embedded store: one folder, one process, two workers. */
import { extname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Pair, type Store, StoreError } from '../store.ts';
import type { Ready, WriterCalls } from './calls.ts';
import type { CheckerData } from './checker.ts';
import { SqliteOpenError } from './errors.ts';
import { closeToOthers, filesOf, makeFolder } from './files.ts';
import { SqliteStore } from './handle.ts';
import { Link, type LinkSinks } from './link.ts';
import type { ReaderData } from './reader.ts';
import type { WriterData } from './writer.ts';

export { type OpenCode, SqliteOpenError } from './errors.ts';

export interface SqliteOptions {
  /**
   * Something has happened that the process cannot go on from: the file was replaced under it, an fsync failed, a worker died. Nothing
   * is answered any more; the process should say so and end. Called once.
   */
  readonly onFatal?: (error: StoreError) => void;
  /** What an operator should know, such as why the epoch is a new one. */
  readonly onNote?: (text: string) => void;
  /** How long an answer may take. */
  readonly deadlineMs?: number;
  /** The WAL is truncated after so long without a commit, and so long after text was deleted at the latest. */
  readonly idleMs?: number;
  readonly forgetMs?: number;
  /** Milliseconds that the store's clock is ahead of the machine's, in its one element: for tests of a clock that jumps. */
  readonly skew?: Int32Array;
}

/**
 * Opens the store in `folder`, making the folder (0700) and an empty store where there is none. Throws `SqliteOpenError`; its code says
 * why: `not_writable`, `held`, `foreign`, `newer`, `damaged`. What is refused is left untouched.
 */
export async function openSqlite(folder: string, options: SqliteOptions = {}): Promise<Store> {
  const files = filesOf(resolve(folder));
  makeFolder(files.folder);
  let stopped: string | undefined;
  let handle: SqliteStore | undefined;
  const sinks: LinkSinks = {
    onFatal: (text) => {
      if (stopped !== undefined) return;
      stopped = text;
      options.onFatal?.(new StoreError('unavailable', text));
    },
    onNote: (text) => options.onNote?.(text),
    onPair: (pair: Pair) => handle?.learn(pair),
  };
  const times = { forgetMs: options.forgetMs ?? 4_000, idleMs: options.idleMs ?? 1_000 };
  const skew = options.skew ?? new Int32Array(new SharedArrayBuffer(4));
  const { writer, ready } = await startWriter({ folder: files.folder, skew, ...times }, sinks);
  closeToOthers(files);
  handle = new SqliteStore({
    writer,
    reader: new Link(start('reader', { path: files.main, inode: ready.inode }), sinks),
    checker: () => new Link(start('checker', { path: files.main }), { ...sinks, onFatal: () => undefined }),
    ready,
    deadlineMs: options.deadlineMs ?? 8_000,
    stopped: () => stopped,
  });
  return handle;
}

function start(name: string, workerData: WriterData | ReaderData | CheckerData): Worker {
  // The packed JavaScript has to find its own: a literal .ts would stay one.
  return new Worker(new URL(`./${name}${extname(import.meta.filename)}`, import.meta.url), { workerData, name: `sqlite ${name}` });
}

/** Until the folder is open the worker's end is a refusal, later it is fatal. */
function startWriter(data: WriterData, sinks: LinkSinks): Promise<{ writer: Link<WriterCalls>; ready: Ready }> {
  return new Promise((resolve, reject) => {
    let refused: SqliteOpenError | undefined;
    let open = false;
    const writer: Link<WriterCalls> = new Link(start('writer', data), {
      ...sinks,
      onReady: (ready) => {
        open = true;
        resolve({ writer, ready });
      },
      onRefused: (code, text) => {
        refused = new SqliteOpenError(code, text);
      },
      onFatal: (text) => {
        if (open) sinks.onFatal(text);
        else reject(refused ?? new SqliteOpenError('damaged', `${data.folder} could not be opened: ${text}`));
      },
    });
  });
}
