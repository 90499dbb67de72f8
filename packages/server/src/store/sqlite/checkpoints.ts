/**
 * The writer's own checkpoints: SQLite's automatic ones would come in mid-commit, and never truncate, which alone takes deleted text out
 * of the WAL.
 */
import type { DatabaseSync } from 'node:sqlite';
import { prepare, type Statement } from './statements.ts';

interface Row {
  /** 1: somebody was in the way. */
  readonly busy: number;
  /** Pages in the WAL, and those of them that are in the main file too; −1 before its first use. */
  readonly log: number;
  readonly checkpointed: number;
}

/** So many new pages are taken into the main file, without waiting for anybody: 3 ms of work; four times as many stand in an append's way for 12. */
const passivePages = 1_000;
/** Where readers have kept the WAL from being begun anew till here (64 MB), it is waited for a moment without them. */
const restartPages = 16_000;
const againMs = 200;

export interface CheckpointTimes {
  /** The WAL is truncated after so long without a commit. */
  readonly idleMs: number;
  /** And so long after text was deleted at the latest. */
  readonly forgetMs: number;
}

export class Checkpoints {
  readonly #look: Statement<Row>;
  readonly #passive: Statement<Row>;
  readonly #restart: Statement<Row>;
  readonly #truncate: Statement<Row>;
  readonly #times: CheckpointTimes;
  readonly #onWhole: () => void;
  #idle: NodeJS.Timeout | undefined;
  #forget: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;

  /** `onWhole` is told when the main file holds all that is committed. */
  constructor(db: DatabaseSync, times: CheckpointTimes, onWhole: () => void) {
    this.#look = prepare(db, 'PRAGMA wal_checkpoint(NOOP)');
    this.#passive = prepare(db, 'PRAGMA wal_checkpoint(PASSIVE)');
    this.#restart = prepare(db, 'PRAGMA wal_checkpoint(RESTART)');
    this.#truncate = prepare(db, 'PRAGMA wal_checkpoint(TRUNCATE)');
    this.#times = times;
    this.#onWhole = onWhole;
  }

  /** After every commit. */
  committed(emptied: boolean): void {
    if (emptied) this.#forget ??= setTimeout(() => this.truncate(), this.#times.forgetMs);
    if (this.#idle) this.#idle.refresh();
    else this.#idle = setTimeout(() => this.truncate(), this.#times.idleMs);
    // Behind the answer: whoever waits for this commit does not wait for the checkpoint too.
    this.#next ??= setImmediate(() => this.#advance());
  }

  #advance(): void {
    this.#next = undefined;
    const row = attempt(this.#look);
    if (row && row.log - row.checkpointed >= passivePages) this.#run(row.log >= restartPages ? this.#restart : this.#passive);
  }

  /**
   * Empties the WAL, or tries again soon: a reader may be in the middle of a page. The next try has a timer that no commit puts off,
   * since there may never be an idle moment.
   */
  truncate(): void {
    this.stop();
    if (!this.#run(this.#truncate)) this.#forget = setTimeout(() => this.truncate(), againMs);
  }

  stop(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#forget);
    clearImmediate(this.#next);
    this.#next = undefined;
    this.#idle = undefined;
    this.#forget = undefined;
  }

  #run(statement: Statement<Row>): boolean {
    const row = attempt(statement);
    const whole = row !== undefined && row.busy === 0 && row.log === row.checkpointed;
    if (whole) this.#onWhole();
    return whole;
  }
}

/** A full disk, a busy reader: nothing is lost by a checkpoint that fails, the WAL is only longer. */
function attempt(statement: Statement<Row>): Row | undefined {
  try {
    return statement.get();
  } catch {
    return undefined;
  }
}
