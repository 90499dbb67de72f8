import type { Env } from '@hubbub/protocol/env';
import type { Failed, SendReply, Sent } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { backoff } from './backoff.ts';
import { type Ack, type Draft, type Written, write } from './draft.ts';
import { HubbubError } from './error.ts';
import { KeptEvents } from './kept-events.ts';
import { type Letter, type Outgoing, refuse, shown } from './letter.ts';
import type { OutboxStore } from './outbox-store.ts';

/** A send's frame stays below the limit of frames with room to spare. */
const batchBytes = 128 * 1_024;

export interface OutboxParts {
  readonly env: Env;
  /** Sends one command; rejects with a HubbubError. */
  send(channel: string, events: string): Promise<SendReply>;
  changed(channel: string): void;
  /** Where what is not acknowledged outlives the program; left out: nowhere. */
  readonly store?: OutboxStore | undefined;
}

interface Lane {
  letters: Letter[];
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
  readonly #kept: KeptEvents | undefined;
  #user: string | undefined;
  /** Whose is what is written now; undefined: of whoever signs in next. */
  #author: string | undefined;
  #loading: Promise<void> | undefined;
  /** What a former run has left is here. */
  #ready: boolean;
  #open = false;
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#kept = parts.store && new KeptEvents(parts.store);
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
      const letter = this.#letter(channel, written, this.#author, { resolve, reject });
      this.#lane(channel).letters.push(letter);
      this.#changed(channel);
      this.#keep(letter);
    });
  }

  list(channel: string): readonly Outgoing[] {
    const letters = this.#lanes.get(channel)?.letters ?? [];
    return letters.filter((letter) => letter.user === undefined || this.#isOurs(letter)).map(shown);
  }

  /** The link stands, as this user's: everything of his goes on, what a former run of the program has left first. */
  opened(user: string): void {
    const before = this.#user;
    this.#user = user;
    this.#author = user;
    this.#open = true;
    for (const [channel, { letters }] of this.#lanes) {
      for (const letter of letters) if (letter.user === undefined) this.#give(letter, user);
      if (before !== user) this.#changed(channel);
    }
    if (this.#ready) return this.#goOn();
    this.#loading ??= this.#load(user);
    void this.#loading.then(() => this.#goOn());
  }

  /** Somebody is about to sign in, perhaps another: what is written from here on is his. */
  signingIn(): void {
    this.#author = undefined;
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
    // It may be among those that are being read right now.
    if (!letter) return this.#ready ? undefined : this.#kept?.remove(id);
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

  #letter(channel: string, written: Written, user: string | undefined, promise: Pick<Letter, 'resolve' | 'reject'>): Letter {
    return { ...written, channel, user, kept: this.#kept === undefined, state: 'pending', error: undefined, tries: 0, ...promise };
  }

  /** Where nothing is kept, what is not sent yet is of whoever is at the program: he sees it, and signs in anew to have it sent. */
  #isOurs({ user }: Letter): boolean {
    return this.#kept === undefined || user === this.#user;
  }

  #keep(letter: Letter): void {
    // What is sent in one turn goes in one command.
    const go = (): void => this.#parts.env.turn(() => this.#pump(letter.channel));
    if (this.#kept) void this.#kept.keep(letter).then(go);
    else go();
  }

  #give(letter: Letter, user: string): void {
    letter.user = user;
    if (this.#kept) this.#keep(letter);
  }

  async #load(user: string): Promise<void> {
    const nobody = { resolve: () => {}, reject: () => {} };
    const left = (await this.#kept?.left()) ?? [];
    this.#ready = true;
    if (this.#closed) return;
    const letters = left.flatMap((event) => (this.#find(event.id) ? [] : this.#letter(event.channel, event, event.user, nobody)));
    for (const [channel, older] of Map.groupBy(letters, (letter) => letter.channel)) {
      const lane = this.#lane(channel);
      lane.letters = [...older, ...lane.letters];
      for (const letter of older) {
        letter.kept = true;
        if (letter.user === undefined) this.#give(letter, user);
      }
      this.#changed(channel);
    }
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
    this.#kept?.remove(letter.id);
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
      if (letter.state === 'failed' || !this.#isOurs(letter)) continue;
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
        } else refuse(letter, error);
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
      if (!error.passing) refuse(letter, error);
      else if (error.code === 'timeout' || error.code === 'unknown') letter.state = 'unknown';
      else if (letter.state === 'sent') letter.state = 'pending';
    }
    // A lost link has its own back-off.
    if (error.passing && error.code !== 'link_lost') this.#pause(lane, error.retryAfter);
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
