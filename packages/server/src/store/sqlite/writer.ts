/**
 * The writing worker: the only one that changes the database. What is asked is done in the order in which it came; a trim and a backup
 * go on in pieces between the appends that come after them.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Appended, Item, Pair } from '../store.ts';
import { Appender } from './append.ts';
import { backupTo } from './backup.ts';
import type { Answer, Question, WriterCalls } from './calls.ts';
import { Checkpoints, type CheckpointTimes } from './checkpoints.ts';
import { Commits } from './commits.ts';
import { Failure, failureOf, SqliteOpenError } from './errors.ts';
import { filesOf } from './files.ts';
import { newEpoch, type Opened, openFolder } from './folder.ts';
import { History, OtherHistory } from './history.ts';
import { Purge } from './purge.ts';
import { Trimmer } from './trim.ts';

export interface WriterData extends CheckpointTimes {
  readonly folder: string;
  /** Milliseconds that the store's clock is ahead of the machine's, in its one element: for tests of a clock that jumps. */
  readonly skew: Int32Array;
}

const port = parentPort;
if (!port) throw new Error('runs as a worker only');
const data = workerData as WriterData;
const files = filesOf(data.folder);
const say = (answer: Answer): void => port.postMessage(answer);

const opened = open();
if (opened) serve(opened);
else port.close();

function open(): Opened | undefined {
  try {
    return openFolder(files, (note) => say({ note }));
  } catch (error) {
    if (!(error instanceof SqliteOpenError)) throw error;
    say({ refused: error.code, text: error.message });
    return undefined;
  }
}

function serve({ lock, db, meta, inode }: Opened): void {
  const history = new History(files, db, meta, inode);
  const checkpoints = new Checkpoints(db, data, () => {
    history.whole();
    history.witness(Date.now());
  });
  const commits = new Commits(db, history, checkpoints);
  const appender = new Appender(db);
  const trimmer = new Trimmer(db);
  const purge = new Purge(db);
  /** What goes on in pieces; closing waits for it. */
  const running = new Set<Promise<unknown>>();
  /** Nobody waits any more for the backup that is under way. */
  let unwanted = false;
  /** Why nothing is done any more. */
  let stopped: Failure | undefined;

  port?.on('message', (asked: Question<WriterCalls>) => {
    try {
      if (stopped) throw stopped;
      const value = handle(asked);
      if (!(value instanceof Promise)) {
        say({ call: asked.call, value });
        return;
      }
      running.add(value);
      value
        .then(
          (later: unknown) => say({ call: asked.call, value: later }),
          (error: unknown) => fail(asked.call, error),
        )
        .finally(() => running.delete(value));
    } catch (error) {
      fail(asked.call, error);
    }
  });

  function fail(call: number, error: unknown): void {
    const failure = failureOf(error, 'other');
    if (failure.fatal) {
      stopped ??= new Failure('unavailable', failure.message);
      say({ fatal: failure.message });
    }
    const answer = { call, code: failure.code, text: failure.message };
    say(failure instanceof OtherHistory ? { ...answer, pair: failure.pair } : answer);
  }

  function handle(asked: Question<WriterCalls>): unknown {
    switch (asked.name) {
      case 'append':
        return append(asked.input.items, asked.input.known);
      case 'renew':
        return renew(asked.input.from, asked.input.known);
      case 'trim':
        return trim(asked.input);
      case 'backup':
        return backup(asked.call, asked.input.path);
      case 'endBackup':
        return endBackup();
      case 'close':
        return close();
    }
  }

  function append(items: readonly Item[], known: Pair): Appended {
    history.compare(known);
    const now = Date.now() + Atomics.load(data.skew, 0);
    const { outcomes } = commits.run(() => {
      const batch = appender.apply(items, now);
      if (!batch.nothing) purge.run(now, batch.moves);
      return batch;
    });
    return { ...history.pair, outcomes };
  }

  /** Of many that notice the same one begins the new history. Its marks go on above what anybody has seen. */
  function renew(from: string, known: Pair): Pair {
    if (from === history.pair.epoch || history.isBehind(known)) {
      commits.run(() => ({ nothing: false, emptied: false }), { epoch: newEpoch(), above: Number(known.mark) });
    }
    return history.pair;
  }

  async function trim({ channel, first, known }: WriterCalls['trim']['input']): Promise<Pair> {
    history.compare(known);
    while (!commits.run(() => trimmer.slice(channel, first)).finished) {
      await new Promise(setImmediate);
      if (stopped) throw stopped;
    }
    return history.pair;
  }

  async function backup(call: number, path: string): Promise<{ bytes: number }> {
    unwanted = false;
    const broken = (): string | undefined =>
      stopped ? 'the store was closed before the backup was done' : unwanted ? 'the backup was broken off' : undefined;
    return { bytes: await backupTo(db, files, path, (done) => say({ call, progress: done }), broken) };
  }

  function endBackup(): null {
    unwanted = true;
    return null;
  }

  async function close(): Promise<null> {
    stopped = new Failure('unavailable', 'the store is closed');
    await Promise.allSettled(running);
    checkpoints.truncate();
    checkpoints.stop();
    history.witness();
    db.close();
    lock.close();
    port?.close();
    return null;
  }

  say({ ready: { ...history.pair, id: meta.id, inode } });
}
