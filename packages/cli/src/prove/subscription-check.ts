import type { Cut, Given, Log, Step } from './history.ts';
import type { Verdict } from './verdict.ts';

export interface SubscriptionRun {
  readonly name: string;
  readonly channel: string;
  readonly log: Log;
  /** Which event the log has at `CHANNEL OFFSET`. */
  readonly logged: ReadonlyMap<string, string>;
  readonly cuts: readonly Cut[];
  /** Who sent what, by id. */
  readonly sent: ReadonlyMap<string, string>;
  /** Which event a place of an epoch names, as anybody was told so far: shared by all checks of a run. */
  readonly claims: Map<string, string>;
}

/** I11: a place of an epoch names one event, to whoever was told of it. */
export function claim(verdict: Verdict, claims: Map<string, string>, place: string, id: string): void {
  const claimed = claims.get(place);
  if (claimed === undefined) claims.set(place, id);
  else if (claimed !== id) verdict.blame('phantom', `${place} is ${id} to one, and ${claimed} to another`);
}

/** Goes through what one subscription was given, as its client applied it. */
export class SubscriptionCheck {
  readonly #verdict: Verdict;
  readonly #run: SubscriptionRun;
  readonly #who: string;
  /** What the client holds now: by offset, and as ids. */
  #held = new Map<number, string>();
  #ids = new Set<string>();
  #offset = 0;
  #epoch: string | undefined;

  constructor(verdict: Verdict, run: SubscriptionRun) {
    this.#verdict = verdict;
    this.#run = run;
    this.#who = `${run.name} in ${run.channel}`;
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.what === 'reset') this.#reset(step);
      else if (step.what === 'page') this.#page(step.epoch, step.events, step.at);
      else this.#events(step.epoch, step.events, step.at);
    }
    this.#end();
  }

  #reset({ at, reason, epoch, offset }: Extract<Step, { what: 'reset' }>): void {
    this.#verdict.resets += 1;
    const renewed = reason === 'new_epoch' && epoch !== this.#epoch && this.#run.cuts.some(({ copiedAt }) => at > copiedAt);
    if (!renewed) this.#verdict.blame('resetsWithoutEpoch', `${this.#who} was reset (${reason}) from ${this.#epoch} to ${epoch}`);
    this.#held = new Map();
    this.#ids = new Set();
    this.#offset = offset;
    this.#epoch = epoch;
  }

  /** I2, I3, I4: the next offset, or a complaint. */
  #events(epoch: string, events: readonly Given[], at: number): void {
    if (this.#epoch !== undefined && epoch !== this.#epoch)
      this.#verdict.blame('gaps', `${this.#who} went from ${this.#epoch} to ${epoch} without being told`);
    this.#epoch = epoch;
    for (const [offset, id] of events) {
      if (this.#held.has(offset) || this.#ids.has(id)) this.#verdict.blame('duplicated', `${this.#who} was given ${offset} (${id}) twice`);
      else if (offset <= this.#offset) this.#verdict.blame('reordered', `${this.#who} was given ${offset} after ${this.#offset}`);
      else if (offset > this.#offset + 1) this.#verdict.blame('gaps', `${this.#who} was given ${offset} after ${this.#offset}`);
      this.#offset = Math.max(this.#offset, offset);
      this.#take(epoch, offset, id, at);
    }
  }

  /** Older events, read anew: they may arrive between newer ones. */
  #page(epoch: string, events: readonly Given[], at: number): void {
    // It was on its way when yet another history began.
    if (epoch !== this.#epoch) return;
    for (const [offset, id] of events) {
      // It says what stands there of what is held, too.
      if (this.#held.has(offset)) this.#claim(epoch, offset, id);
      else this.#take(epoch, offset, id, at);
    }
  }

  #take(epoch: string, offset: number, id: string, at: number): void {
    this.#held.set(offset, id);
    this.#ids.add(id);
    this.#claim(epoch, offset, id);
    const { channel, log, logged, sent, cuts } = this.#run;
    if (logged.get(`${channel} ${offset}`) === id) return;
    // What the copy took was true while it lasted.
    const cutOff = epoch !== log.epoch && sent.has(id) && cuts.some(({ copiedAt, putBackAt }) => at > copiedAt && at < putBackAt);
    if (!cutOff) this.#verdict.blame('phantom', `${this.#who} was given ${id} as ${offset}, which it is not`);
  }

  #claim(epoch: string, offset: number, id: string): void {
    claim(this.#verdict, this.#run.claims, `${epoch} ${this.#run.channel} ${offset}`, id);
  }

  /** I1: in the end it holds what the log holds. */
  #end(): void {
    const events = this.#run.log.channels[this.#run.channel] ?? [];
    for (const { offset, id } of events) {
      if (this.#held.get(offset) === id) this.#verdict.delivered += 1;
      else this.#verdict.blame('lost', `${this.#who} never got ${offset} (${id})`);
    }
  }
}
