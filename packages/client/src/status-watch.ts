import type { Env } from '@hubbub/protocol/env';
import type { ConnectionState } from './connection-state.ts';
import { confirmation, type Following, type Status, statusOf } from './status.ts';

export interface StatusWatchParts {
  readonly env: Env;
  connection(): ConnectionState;
  subscriptions(): Iterable<Following>;
  /** Runs what is the caller's. */
  call(run: () => void): void;
}

/** Keeps what can be said of the client, and tells of it when it changes. */
export class StatusWatch {
  readonly #parts: StatusWatchParts;
  readonly #listeners = new Set<(status: Status) => void>();
  #wasOpen = false;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #stale = false;
  #status: Status = { state: 'connecting' };
  #cancelDoubt: () => void = () => {};

  constructor(parts: StatusWatchParts) {
    this.#parts = parts;
  }

  get status(): Status {
    return this.#status;
  }

  listen(run: (status: Status) => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  opened(): void {
    this.#wasOpen = true;
  }

  /** What the server said of itself is worth nothing any more: it was said on another link. */
  parted(): void {
    this.#cancelDoubt();
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
  }

  /** The server has said how it is. */
  confirmed(stale: boolean): void {
    this.#stale = stale;
    this.#confirmedAt = this.#parts.env.now();
    this.#cancelDoubt();
    this.#cancelDoubt = this.#parts.env.timer(confirmation, () => this.report());
    this.report();
  }

  report(): void {
    const status = statusOf(this.#parts.connection(), this.#parts.subscriptions(), {
      wasOpen: this.#wasOpen,
      stale: this.#stale,
      confirmedFor: this.#parts.env.now() - this.#confirmedAt,
    });
    if (JSON.stringify(this.#status) === JSON.stringify(status)) return;
    this.#status = status;
    for (const run of [...this.#listeners]) this.#parts.call(() => run(status));
  }

  close(): void {
    this.#cancelDoubt();
    this.#listeners.clear();
  }
}
