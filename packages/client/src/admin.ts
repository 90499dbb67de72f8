import type { BackupReply, CheckReply, CommandName, CommandPush, EpochReply, Replies, TrimReply } from '@hubbub/protocol/frames';
import { HubbubError } from './error.ts';

/** What an administrator's command tells while it goes on. */
export interface AdminOptions {
  /** How far it is, 0…1, as far as the server can tell. */
  readonly onProgress?: (done: number) => void;
}

export interface CheckOptions extends AdminOptions {
  /** One thing that is wrong. The reply counts those too for which the link had no room. */
  readonly onProblem?: (text: string) => void;
}

/**
 * What the administrator does to a server, from its own machine (PROTOCOL, P40 to P47). Each waits for a link, is given once, and takes as
 * long as it takes; it rejects with a HubbubError: the server's, `link_lost` (what had begun may be done, except a backup or a check),
 * `timeout` (the server has told nothing for 15 s), `closed`.
 */
export interface Admin {
  /** Copies the log to a new file; `path` is an absolute one of the server's machine. */
  backup(path: string, options?: AdminOptions): Promise<BackupReply>;
  /** Reads the whole log, and tells what is wrong. */
  check(options?: CheckOptions): Promise<CheckReply>;
  /** Drops the events of a channel below the position `before`, for good. */
  trim(channel: string, before: string, options?: AdminOptions): Promise<TrimReply>;
  /** Begins a new history: everybody reloads. */
  epoch(): Promise<EpochReply>;
}

export interface AdminParts {
  isOpen(): boolean;
  /** Gives a command; `told` gets what comes before its reply. */
  request<Name extends CommandName>(cmd: Name, members: string, told: (push: CommandPush) => void): Promise<Replies[Name]>;
}

/** The administrator's commands of one client. */
export class AdminDesk implements Admin {
  readonly #parts: AdminParts;
  #waiting: PromiseWithResolvers<void>[] = [];
  #closed = false;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  backup(path: string, options: AdminOptions = {}): Promise<BackupReply> {
    return this.#ask('backup', `"path":${JSON.stringify(path)}`, options);
  }

  check(options: CheckOptions = {}): Promise<CheckReply> {
    return this.#ask('check', '', options);
  }

  trim(channel: string, before: string, options: AdminOptions = {}): Promise<TrimReply> {
    return this.#ask('trim', `"channel":${JSON.stringify(channel)},"before":${JSON.stringify(before)}`, options);
  }

  epoch(): Promise<EpochReply> {
    return this.#ask('epoch', '', {});
  }

  /** A link stands. */
  opened(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
  }

  async #ask<Name extends 'backup' | 'check' | 'trim' | 'epoch'>(
    cmd: Name,
    members: string,
    { onProgress, onProblem }: CheckOptions,
  ): Promise<Replies[Name]> {
    if (this.#closed) throw closed();
    if (!this.#parts.isOpen()) {
      const waiting = Promise.withResolvers<void>();
      this.#waiting.push(waiting);
      await waiting.promise;
    }
    return await this.#parts.request(cmd, members, (push) => {
      if (push.push === 'progress') onProgress?.(push.done);
      else onProblem?.(push.text);
    });
  }
}

function closed(): HubbubError {
  return new HubbubError('closed', 'the client was closed');
}
