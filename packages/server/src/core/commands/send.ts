import { bodyText } from '@hubbub/protocol/body';
import { type Code, problem, Refusal } from '@hubbub/protocol/codes';
import type { Draft, Failed, SendCommand, Sent } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isChannel, isId, isKind, isUser } from '@hubbub/protocol/names';
import type { Item } from '../../store/store.ts';
import { type Appended, admissionLasts } from '../appender.ts';
import { outOfBounds } from '../bounds.ts';
import { within } from '../deadline.ts';
import { authorityPatience } from '../rights.ts';
import type { Answer, Caller, CommandParts } from './context.ts';

const requiresTries = 3;
/** What a run admits first must not have aged by the time its last one is admitted: the rest is the next run's. */
const runLasts = admissionLasts / 2;
/** Nothing is admitted anew after so long: the answer is due at ten seconds, and the authority may take two. */
const patience = 8_000;
/** Who sends: with a link, or without. */
export interface Sender extends Pick<Caller, 'who' | 'session'> {
  /** Throws Refusal where it does not hold any more that he is let in: an event may wait long for its turn. */
  mustHold(): void | Promise<void>;
}

/** What a held node says to those who want to read or send. */
export const heldFor = 500;

/**
 * Appends events to one channel, in order. Each has its result; the list ends after the first that failed for a passing cause, so that
 * what one session sends is logged in the order sent. Throws Refusal: `bad_channel`, `too_many`, `unavailable` (held), `busy`.
 */
export async function send(parts: CommandParts, caller: Sender, command: Pick<SendCommand, 'channel' | 'events'>): Promise<Answer<'send'>> {
  const { channel, events } = command;
  const { sending } = caller.session;
  if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
  if (events.length > limits.sendEvents) throw new Refusal('too_many', `a send has at most ${limits.sendEvents} events`);
  if (parts.held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', heldFor);
  if (sending.has(channel)) throw new Refusal('busy', 'the former send to this channel is not answered yet', 50);
  sending.add(channel);
  try {
    const sent = new Sending(parts, caller, channel, events);
    const results = await sent.run();
    return { reply: { epoch: sent.epoch ?? parts.history.epoch, results } };
  } finally {
    sending.delete(channel);
  }
}

type Result = Sent | Failed;

/** An event's way into the log: checked, admitted, appended; as often as the facts it was admitted on change under it. */
class Sending {
  readonly #parts: CommandParts;
  readonly #caller: Sender;
  readonly #channel: string;
  readonly #events: readonly Draft[];
  readonly #takenAt: number;
  readonly #results: Result[] = [];
  /** The history that the results' places belong to; a reply speaks of one. */
  epoch: string | undefined;
  /** What `admit` said to the events that are on their way as probes. */
  readonly #refusals = new Map<string, Failed>();

  constructor(parts: CommandParts, caller: Sender, channel: string, events: readonly Draft[]) {
    this.#parts = parts;
    this.#caller = caller;
    this.#channel = channel;
    this.#events = events;
    this.#takenAt = parts.env.now();
  }

  async run(): Promise<Result[]> {
    let tries = 0;
    let again: number | undefined;
    while (this.#results.length < this.#events.length) {
      const before = this.#results.length;
      const gone = tries > 0 || again !== undefined ? await this.#gone() : undefined;
      if (gone) return [...this.#results, gone];
      const run = await this.#admitRun(tries > 0);
      const outcomes = run.items.length === 0 ? [] : await this.#parts.appender.append(this.#channel, run.items, run.askedAt, again);
      const stopped = this.#settle(run, outcomes);
      if (this.#results.length > before) tries = 0;
      if (stopped === 'requires') {
        this.#parts.env.count('requires_retry');
        tries += 1;
        if (tries >= requiresTries) return [...this.#results, failed('conflict', 'what this was decided on keeps changing', 100)];
      }
      if (stopped === 'stale' || stopped === 'requires') {
        again = this.#takenAt;
        continue;
      }
      if (stopped === 'ended') return this.#results;
      if (stopped) return [...this.#results, stopped];
      if (run.stopped) return [...this.#results, run.stopped];
      again = this.#takenAt;
    }
    return this.#results;
  }

  /** Why he may not go on, if he may not. */
  async #gone(): Promise<Failed | undefined> {
    if (this.#parts.env.now() - this.#takenAt >= patience) return failed('unavailable', failureTexts.unavailable, heldFor);
    try {
      await this.#caller.mustHold();
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return { error: problem(error) };
      throw error;
    }
  }

  /** Admits from the first event without a result on. A run ends after one that writes facts: the next is to be decided on them. */
  async #admitRun(again: boolean): Promise<Run> {
    const slots: (Item | Failed)[] = [];
    const items: Item[] = [];
    const { env } = this.#parts;
    const askedAt = env.now();
    for (const draft of this.#events.slice(this.#results.length)) {
      if (items.length > 0 && env.now() - askedAt >= runLasts) break;
      const body = this.#check(draft);
      if (typeof body !== 'string') {
        slots.push(body);
        continue;
      }
      const item = await this.#admit(draft, body, { follows: items.length > 0, again });
      if ('error' in item) return { slots, items, askedAt, stopped: item };
      slots.push(item);
      items.push(item);
      // Past a probe nothing goes along: see `#settle`.
      if (item.facts || item.empties || item.probe) break;
    }
    return { slots, items, askedAt };
  }

  /** An item, or why there can be none now. What is refused for good becomes a probe: it may be the retry of what was admitted once. */
  async #admit(draft: Draft, body: string, { follows, again }: { follows: boolean; again: boolean }): Promise<Item | Failed> {
    const { who } = this.#caller;
    const from = draft.from ?? who.user;
    const as = draft.from === undefined && draft.ts === undefined ? undefined : { from, ...(draft.ts !== undefined && { ts: draft.ts }) };
    const base = { channel: this.#channel, id: draft.id, from, kind: draft.kind, body, ...(follows && { follows }) };
    const { env, authority } = this.#parts;
    try {
      const proposal = { id: draft.id, kind: draft.kind, body: draft.body, ...(as && { as }), ...(again && { again }) } as const;
      const verdict = await within(env, authorityPatience, authority.admit(who, this.#channel, proposal));
      if (!verdict.ok) {
        this.#refusals.set(draft.id, failed(verdict.code, verdict.text));
        return { ...base, counts: false, probe: true };
      }
      const { ok: _, ...grant } = verdict;
      const wrong = outOfBounds(grant);
      if (wrong !== undefined) {
        this.#refusals.set(draft.id, failed('not_stored', wrong));
        return { ...base, counts: false, probe: true };
      }
      return { ...base, ...grant, ...(as?.ts !== undefined && { ts: as.ts }) };
    } catch {
      return failed('unavailable', 'who may send here cannot be told at the moment', heldFor);
    }
  }

  /** The body's text, or what is wrong with the event's form. */
  #check(draft: Draft): string | Failed {
    if (!isId(draft.id)) return failed('bad_id', 'an id is a UUID in lower case');
    if (!isKind(draft.kind)) return failed('bad_kind', 'a kind is 1 to 32 of a-z 0-9 . _ -, a letter first');
    if (draft.from !== undefined && !isUser(draft.from)) return failed('bad_name', 'this is no name of a user');
    try {
      return bodyText(draft.body);
    } catch (error) {
      if (error instanceof Refusal) return { error: problem(error) };
      throw error;
    }
  }

  /** Files the results of a run, in order. Returns why it stopped, if it did. */
  #settle(run: Run, outcomes: readonly Appended[]): Failed | 'requires' | 'stale' | 'ended' | undefined {
    let at = 0;
    for (const slot of run.slots) {
      if ('error' in slot) {
        this.#results.push(slot);
        continue;
      }
      const outcome = outcomes[at];
      at += 1;
      if (!outcome) return failed('unavailable', 'not written', heldFor);
      if ('epoch' in outcome) {
        this.epoch ??= outcome.epoch;
        if (outcome.epoch !== this.epoch) return 'ended';
      }
      const result = this.#result(slot, outcome);
      if (typeof result === 'string') return result;
      if (outcome.status === 'failed' && outcome.code !== 'not_stored') return result as Failed;
      this.#results.push(result);
      // Refused by the state of things, which may change: if this answer is lost, the retry may be admitted. So nothing that was sent
      // after it may be in the log by then.
      if (outcome.status === 'absent') return 'ended';
    }
    return undefined;
  }

  #result(item: Item, outcome: Appended): Result | 'requires' | 'stale' {
    switch (outcome.status) {
      case 'committed':
        return { offset: outcome.offset, n: outcome.n, ts: outcome.ts };
      case 'duplicate':
        return { offset: outcome.offset, n: outcome.n, ts: outcome.ts, duplicate: true };
      case 'absent':
        return this.#refusals.get(item.id) ?? failed('forbidden', 'this may not be sent here');
      case 'stale':
        return 'stale';
      case 'failed':
        return failed(outcome.code, failureTexts[outcome.code], outcome.retryAfter);
      case 'rejected':
        if (outcome.code === 'requires' || outcome.code === 'skipped') return 'requires';
        return failed(outcome.code, rejectionTexts[outcome.code]);
    }
  }
}

interface Run {
  readonly slots: readonly (Item | Failed)[];
  readonly items: readonly Item[];
  /** When it was begun to ask about them: an answer is as old as its question, and behind a stop of the process much older than it looks. */
  readonly askedAt: number;
  /** Why no more could be admitted. */
  readonly stopped?: Failed;
}

const failureTexts = {
  unknown: 'no answer in time; it may be in the log: send it again with the same id',
  unavailable: 'not written; send it again',
  overloaded: 'too much waits to be written; send it again later',
  not_stored: 'the store cannot hold this event',
};

const rejectionTexts = {
  id_conflict: 'this id was used for another event',
  bad_empties: 'it would empty an event that there is not',
  not_supported: 'this store cannot do that yet',
};

function failed(code: Code, text: string, retryAfter?: number): Failed {
  return { error: problem({ code, text, ...(retryAfter !== undefined && { retryAfter }) }) };
}
