import { bodyText } from '@hubbub/protocol/body';
import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { Failed, SendReply, Sent } from '@hubbub/protocol/frames';
import { uuidv7 } from '@hubbub/protocol/id';
import { limits } from '@hubbub/protocol/limits';
import { isId, isKind, isUser } from '@hubbub/protocol/names';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';

/** A send's frame stays below the limit of frames with room to spare. */
const batchBytes = 128 * 1_024;

export interface Draft {
  readonly kind: string;
  readonly body: unknown;
  /** Left out: a new UUID v7. */
  readonly id?: string;
  /** Importers only. */
  readonly from?: string;
  readonly ts?: number;
}

export interface Ack {
  readonly offset: number;
  readonly n: number;
  readonly ts: number;
  readonly epoch: string;
  /** It was in the log already: an earlier try had arrived. */
  readonly duplicate: boolean;
}

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
}

interface Letter {
  readonly id: string;
  readonly channel: string;
  readonly kind: string;
  readonly body: unknown;
  /** The draft as it goes on the wire. */
  readonly text: string;
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

/** Throws what the server would answer: for some of it to the whole command, so that the events beside it would be refused too. */
function checkForm({ id, kind, from, ts }: Draft): void {
  if (id !== undefined && !isId(id)) throw new Refusal('bad_id', 'an id is a UUID in lower case');
  if (!isKind(kind)) throw new Refusal('bad_kind', 'a kind is 1 to 32 of a-z 0-9 . _ -, a letter first');
  if (from !== undefined && !isUser(from)) throw new Refusal('bad_name', 'this is no name of a user');
  if (ts !== undefined && !(Number.isSafeInteger(ts) && ts >= 0)) throw new Refusal('bad_command', 'a ts is whole milliseconds');
}

/**
 * What is not acknowledged yet, per channel in the order of sending. At most one command per channel is on its way; what gathers
 * meanwhile is the next. A passing failure keeps the order and the ids, so that every retry is the same event.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #lanes = new Map<string, Lane>();
  #open = false;
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Takes an event. Rejects at once what the server would refuse for its form. */
  add(channel: string, draft: Draft): Promise<Ack> {
    const { env } = this.#parts;
    if (this.#closed) return Promise.reject(new HubbubError('closed', 'the client was closed'));
    let body: string;
    try {
      checkForm(draft);
      body = bodyText(draft.body);
    } catch (error) {
      if (error instanceof Refusal) return Promise.reject(HubbubError.of(error));
      return Promise.reject(new HubbubError('bad_body', 'the body is no JSON value'));
    }
    const { kind, from, ts } = draft;
    const id = draft.id ?? uuidv7(env);
    const head = JSON.stringify({ id, kind, ...(from !== undefined && { from }), ...(ts !== undefined && { ts }) });
    const text = `${head.slice(0, -1)},"body":${body}}`;
    return new Promise((resolve, reject) => {
      this.#lane(channel).letters.push({
        id,
        channel,
        kind,
        body: JSON.parse(body),
        text,
        state: 'pending',
        error: undefined,
        tries: 0,
        resolve,
        reject,
      });
      this.#changed(channel);
      // What is sent in one turn goes in one command.
      env.turn(() => this.#pump(channel));
    });
  }

  list(channel: string): readonly Outgoing[] {
    const letters = this.#lanes.get(channel)?.letters ?? [];
    return letters.map(({ id, kind, body, state, error }) => ({ id, channel, kind, body, state, ...(error && { error }) }));
  }

  /** The link stands: everything goes on. */
  opened(): void {
    this.#open = true;
    for (const [channel, lane] of this.#lanes) {
      this.#wake(lane);
      this.#pump(channel);
    }
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
    if (!lane || lane.sending || lane.cancel || !this.#open) return;
    const batch: Letter[] = [];
    let bytes = 0;
    for (const letter of lane.letters) {
      if (letter.state === 'failed') continue;
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
