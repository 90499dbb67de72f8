import type { Env } from '@hubbub/protocol/env';
import type { Failed, SendReply, Sent } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { backoff } from './backoff.ts';
import { type Ack, type Draft, read, type Written, write } from './draft.ts';
import { HubbubError } from './error.ts';
import { leftBy, type OutboxStore } from './outbox-store.ts';

/** A send's frame stays below the limit of frames with room to spare. */
const batchBytes = 128 * 1_024;

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

export interface OutboxParts {
  readonly env: Env;
  /** Sends one command; rejects with a HubbubError. */
  send(channel: string, events: string): Promise<SendReply>;
  changed(channel: string): void;
  /** Where what is not acknowledged outlives the program; left out: nowhere. */
  readonly store?: OutboxStore | undefined;
}

interface Letter extends Written {
  readonly channel: string;
  /** It outlives the program from here on, so it may go: what is sent and not kept could be sent again by nobody. */
  kept: boolean;
  state: Outgoing['state'];
  error: { readonly code: string; readonly text: string } | undefined;
  tries: number;
  resolve: (ack: Ack) => void;
  reject: (error: HubbubError) => void;
}

interface Lane {
  readonly letters: Letter[];
  sending: boolean;
  /** Passing failures in a row. */
  failures: number;
  cancel: (() => void) | undefined;
}

/**
 * What is not acknowledged yet, per channel in the order of sending. At most one command per channel is on its way; what gathers
 * meanwhile is the next. A passing failure keeps the order and the ids, so that every retry is the same event.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #lanes = new Map<string, Lane>();
  #user: string | undefined;
  #loading: Promise<void> | undefined;
  /** What a former run has left is here. */
  #ready: boolean;
  #open = false;
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#ready = parts.store === undefined;
  }

  /** Takes an event. Rejects at once what the server would refuse for its form. */
  add(channel: string, draft: Draft): Promise<Ack> {
    if (this.#closed) return Promise.reject(new HubbubError('closed', 'the client was closed'));
    let written: Written;
    try {
      written = write(draft, this.#parts.env);
    } catch (error) {
      return Promise.reject(error as HubbubError);
    }
    return new Promise((resolve, reject) => {
      const letter = this.#letter(channel, written, { resolve, reject });
      this.#lane(channel).letters.push(letter);
      this.#changed(channel);
      this.#keep(letter);
    });
  }

  list(channel: string): readonly Outgoing[] {
    const letters = this.#lanes.get(channel)?.letters ?? [];
    return letters.map(({ id, kind, body, state, error }) => ({ id, channel, kind, body, state, ...(error && { error }) }));
  }

  /** The link stands, as this user's: everything goes on, what a former run of the program has left first. */
  opened(user: string): void {
    this.#user = user;
    this.#open = true;
    if (this.#ready) return this.#goOn();
    this.#loading ??= this.#load(user);
    void this.#loading.then(() => this.#goOn());
  }

  lost(): void {
    this.#open = false;
  }

  retry(id: string): void {
    const letter = this.#find(id);
    if (letter?.state !== 'failed') return;
    // Its promise has been rejected: what becomes of it now is told by the list.
    Object.assign(letter, { state: 'pending', error: undefined, resolve: () => {}, reject: () => {} });
    this.#changed(letter.channel);
    this.#pump(letter.channel);
  }

  discard(id: string): void {
    const letter = this.#find(id);
    if (!letter) return;
    this.#remove(letter);
    letter.reject(new HubbubError('discarded', 'discarded'));
  }

  /** Gives up what is not acknowledged. */
  close(): void {
    this.#open = false;
    this.#closed = true;
    for (const lane of this.#lanes.values()) {
      this.#wake(lane);
      for (const letter of lane.letters.splice(0)) letter.reject(new HubbubError('closed', 'the client was closed'));
    }
    this.#lanes.clear();
  }

  #letter(channel: string, written: Written, promise: Pick<Letter, 'resolve' | 'reject'>): Letter {
    return { ...written, channel, kept: this.#parts.store === undefined, state: 'pending', error: undefined, tries: 0, ...promise };
  }

  #keep(letter: Letter): void {
    const { env, store } = this.#parts;
    const { id, channel, text } = letter;
    // What is sent in one turn goes in one command.
    const go = (): void => env.turn(() => this.#pump(channel));
    if (!store) return go();
    const whose = this.#user === undefined ? {} : { user: this.#user };
    // One that cannot keep it is no reason not to send it.
    void store
      .put({ id, channel, text, ...whose })
      .catch(() => {})
      .then(() => {
        letter.kept = true;
        go();
      });
  }

  async #load(user: string): Promise<void> {
    const nobody = { resolve: () => {}, reject: () => {} };
    const left = (await leftBy(this.#parts.store, user)).filter(({ id }) => !this.#find(id));
    for (const [channel, events] of Map.groupBy(left, ({ channel }) => channel)) {
      const letters = events.map((event) => ({ ...this.#letter(channel, read(event), nobody), kept: true }));
      this.#lane(channel).letters.unshift(...letters);
      this.#changed(channel);
    }
    this.#ready = true;
  }

  #goOn(): void {
    if (!this.#open) return;
    for (const [channel, lane] of this.#lanes) {
      this.#wake(lane);
      this.#pump(channel);
    }
  }

  #lane(channel: string): Lane {
    let lane = this.#lanes.get(channel);
    if (!lane) {
      lane = { letters: [], sending: false, failures: 0, cancel: undefined };
      this.#lanes.set(channel, lane);
    }
    return lane;
  }

  #find(id: string): Letter | undefined {
    for (const { letters } of this.#lanes.values()) {
      const letter = letters.find((one) => one.id === id);
      if (letter) return letter;
    }
    return undefined;
  }

  #remove(letter: Letter): void {
    const lane = this.#lanes.get(letter.channel);
    const at = lane?.letters.indexOf(letter) ?? -1;
    if (!lane || at < 0) return;
    lane.letters.splice(at, 1);
    // Were it still there at the next start, the log would know its id.
    this.#parts.store?.remove(letter.id).catch(() => {});
    if (lane.letters.length === 0 && !lane.sending && !lane.cancel) this.#lanes.delete(letter.channel);
    this.#changed(letter.channel);
  }

  /** What a listener throws is its caller's: it surfaces in a turn of its own, and the lane goes on. */
  #changed(channel: string): void {
    try {
      this.#parts.changed(channel);
    } catch (error) {
      this.#parts.env.turn(() => {
        throw error;
      });
    }
  }

  #wake(lane: Lane): void {
    lane.cancel?.();
    lane.cancel = undefined;
  }

  #pump(channel: string): void {
    const lane = this.#lanes.get(channel);
    if (!lane || lane.sending || lane.cancel || !this.#open || !this.#ready) return;
    const batch: Letter[] = [];
    let bytes = 0;
    for (const letter of lane.letters) {
      if (letter.state === 'failed') continue;
      if (!letter.kept) break;
      bytes += letter.text.length * 2;
      if (batch.length >= limits.sendEvents || (batch.length > 0 && bytes > batchBytes)) break;
      batch.push(letter);
    }
    if (batch.length > 0) void this.#send(channel, lane, batch);
  }

  async #send(channel: string, lane: Lane, batch: readonly Letter[]): Promise<void> {
    lane.sending = true;
    for (const letter of batch) {
      if (letter.tries > 0) this.#parts.env.count('outbox_retry');
      letter.tries += 1;
      if (letter.state === 'pending') letter.state = 'sent';
    }
    this.#changed(channel);
    try {
      const reply = await this.#parts.send(channel, batch.map(({ text }) => text).join(','));
      this.#settle(lane, batch, reply);
    } catch (error) {
      this.#failed(lane, batch, error instanceof HubbubError ? error : new HubbubError('link_lost', String(error)));
    }
    lane.sending = false;
    if (lane.letters.length === 0 && !lane.cancel) this.#lanes.delete(channel);
    this.#changed(channel);
    this.#pump(channel);
  }

  #settle(lane: Lane, batch: readonly Letter[], { epoch, results }: SendReply): void {
    let passing: HubbubError | undefined;
    batch.forEach((letter, at) => {
      const result: Sent | Failed | undefined = results[at];
      if (!result) letter.state = letter.state === 'sent' ? 'pending' : letter.state;
      else if ('error' in result) {
        const error = HubbubError.of(result.error as { code: string; text: string });
        if (error.passing) {
          passing = error;
          letter.state = error.code === 'unknown' ? 'unknown' : letter.state === 'sent' ? 'pending' : letter.state;
        } else this.#refuse(letter, error);
      } else {
        this.#remove(letter);
        letter.resolve({ offset: result.offset, n: result.n, ts: result.ts, epoch, duplicate: result.duplicate ?? false });
      }
    });
    if (passing) this.#pause(lane, passing.retryAfter);
    else lane.failures = 0;
  }

  /** The whole command failed: refused for good, or to be sent again as it is. */
  #failed(lane: Lane, batch: readonly Letter[], error: HubbubError): void {
    for (const letter of batch) {
      if (!error.passing) this.#refuse(letter, error);
      else if (error.code === 'timeout' || error.code === 'unknown') letter.state = 'unknown';
      else if (letter.state === 'sent') letter.state = 'pending';
    }
    // A lost link has its own back-off.
    if (error.passing && error.code !== 'link_lost') this.#pause(lane, error.retryAfter);
  }

  #refuse(letter: Letter, error: HubbubError): void {
    letter.state = 'failed';
    letter.error = { code: error.code, text: error.message };
    letter.reject(error);
  }

  #pause(lane: Lane, retryAfter: number | undefined): void {
    lane.failures += 1;
    const channel = lane.letters[0]?.channel;
    if (channel === undefined) return;
    lane.cancel = this.#parts.env.timer(backoff(lane.failures, this.#parts.env.random, retryAfter), () => {
      lane.cancel = undefined;
      this.#pump(channel);
    });
  }
}
