import type { Env } from '@hubbub/protocol/env';
import type { Event } from '@hubbub/protocol/event';
import type { ChannelsReply, FactFrame, FactsReply, HistoryReply } from '@hubbub/protocol/frames';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';

/** A place in a channel's log: an offset of a history. */
export interface Place {
  readonly offset: number;
  readonly epoch: string;
}

export interface HistoryOptions {
  /** The page ends before this place. */
  readonly before?: Place;
  /** The page begins after this place. Neither: the newest page. */
  readonly after?: Place;
  /** 1 to 128 events; left out: 128. */
  readonly limit?: number;
  /** Ends the asking. */
  readonly signal?: AbortSignal;
}

/** Events in the order of their offsets, and where the channel stood when they were read. */
export interface HistoryPage<Body = unknown> {
  readonly events: readonly Event<Body>[];
  readonly epoch: string;
  readonly head: number;
  readonly n: number;
  /** The first kept event: before it there is nothing. */
  readonly first: number;
}

export type Fact = FactFrame;

export interface FactsOptions {
  /** Facts whose key begins so; or those written after a place; or those that speak of an offset from … to. None: all. */
  readonly prefix?: string;
  readonly after?: Place;
  readonly about?: readonly [number, number];
  readonly signal?: AbortSignal;
}

export interface ChannelsOptions {
  readonly signal?: AbortSignal;
}

/** A channel, and where it stands. */
export type Listed = ChannelsReply['channels'][number];

interface PageReplies {
  readonly history: HistoryReply;
  readonly facts: FactsReply;
  readonly channels: ChannelsReply;
}

export interface PagesParts {
  readonly env: Env;
  isOpen(): boolean;
  /** Rejects with a HubbubError. */
  request<Name extends keyof PageReplies>(cmd: Name, members: string): Promise<PageReplies[Name]>;
}

/** Reads pages of a log and of its facts: over reconnects, until there is an answer, a refusal, or nobody wants it any more. */
export class Pages {
  readonly #parts: PagesParts;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(parts: PagesParts) {
    this.#parts = parts;
  }

  async history<Body>(channel: string, { before, after, limit, signal }: HistoryOptions): Promise<HistoryPage<Body>> {
    const members = { channel, ...(before && { before: text(before) }), ...(after && { after: text(after) }), ...(limit && { limit }) };
    const { events, epoch, head, n, first } = await this.#ask('history', members, signal);
    return { events: events as readonly Event<Body>[], epoch, head, n, first };
  }

  /** All of them, page after page. */
  async facts(channel: string, { prefix, after, about, signal }: FactsOptions): Promise<readonly Fact[]> {
    const query = { channel, ...(prefix !== undefined && { prefix }), ...(after && { after: text(after) }), ...(about && { about }) };
    const found: Fact[] = [];
    let next: string | undefined;
    do {
      const page: FactsReply = await this.#ask('facts', { ...query, ...(next !== undefined && { next }) }, signal);
      found.push(...page.facts);
      next = page.next;
    } while (next !== undefined);
    return found;
  }

  /** All of them, page after page. */
  async channels(of: 'mine' | 'public', { signal }: ChannelsOptions): Promise<readonly Listed[]> {
    const found: Listed[] = [];
    let next: string | undefined;
    do {
      const page: ChannelsReply = await this.#ask('channels', { of, ...(next !== undefined && { next }) }, signal);
      found.push(...page.channels);
      next = page.next;
    } while (next !== undefined);
    return found;
  }

  /** A link stands: whoever waits for one asks. */
  opened(): void {
    for (const go of [...this.#waiting]) go();
  }

  close(): void {
    this.#closed = true;
    for (const go of [...this.#waiting]) go();
  }

  async #ask<Name extends keyof PageReplies>(cmd: Name, members: object, signal: AbortSignal | undefined): Promise<PageReplies[Name]> {
    const written = JSON.stringify(members).slice(1, -1);
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      if (this.#closed) throw new HubbubError('closed', 'the client was closed');
      try {
        if (this.#parts.isOpen()) return await this.#parts.request(cmd, written);
        await this.#pause(undefined, signal);
      } catch (error) {
        if (!(error instanceof HubbubError) || !error.passing) throw error;
        const { env } = this.#parts;
        // A lost link is waited for like one that was never there.
        const again = error.code === 'link_lost' ? undefined : backoff(attempt, env.random, error.retryAfter ?? 0);
        if (again !== undefined) await this.#pause(again, signal);
      }
    }
  }

  /** Waits for `ms`, or (left out) for a link; or until nobody wants it any more. */
  #pause(ms: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        cancel?.();
        this.#waiting.delete(go);
        signal?.removeEventListener('abort', go);
        resolve();
      };
      const cancel = ms === undefined ? undefined : this.#parts.env.timer(ms, go);
      this.#waiting.add(go);
      signal?.addEventListener('abort', go);
    });
  }
}

function text({ offset, epoch }: Place): string {
  return `${offset}~${epoch}`;
}
