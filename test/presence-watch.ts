/** Compares what each node of a cluster says of who is there with what is known to be true, all the time, and judges the differences. */
import type { Presence } from '@hubbub/client';

const every = 500;
/** Of clocks and of the way: times are taken before a question and after its answer. */
const slack = 50;
/** What is told on a link is told at most once a second: so much later than the list has it, and on a real machine three times that. */
const toldLater = 3 * 1_000;

/** One node as it is asked. */
export interface Eye {
  /** Asks it by HTTP. */
  ask(path: string): Promise<Response>;
  /** What somebody who reads the channel there is told; undefined: nothing that is known to hold. */
  told(): Presence | undefined;
}

export interface Expected {
  /** For the report and for complaints: what has happened. */
  readonly what: string;
  /** Milliseconds after it that the nodes may go on showing it otherwise. */
  readonly within: number;
  /** Milliseconds after it that they must go on showing it otherwise. */
  readonly notBefore?: number;
  /** Left out: all. */
  readonly nodes?: readonly number[];
}

interface Claim extends Expected {
  readonly shown: boolean;
  readonly since: number;
  /** When it was seen to be so, after it was last seen otherwise. */
  rightAt: number | undefined;
  measured: boolean;
}

/** That a node says of itself that it is degraded: claimed like somebody's presence. */
export const saysDegraded = '(degraded)';

/** The truth, as the test tells it; and the looks at every node, which are compared with it as they are taken. */
export class PresenceWatch implements AsyncDisposable {
  readonly complaints: string[] = [];
  /** How many lists were compared. */
  looks = 0;
  /** How often a node said instead that it cannot tell, or nothing for two seconds: a busy machine has such moments. */
  putOff = 0;
  readonly #worst = new Map<string, number>();
  readonly #eyes: readonly Eye[];
  readonly #channel: string;
  readonly #excused = new Set<number>();
  /** By way of looking and node: what is claimed of each. */
  readonly #claims = { listed: [] as Map<string, Claim>[], told: [] as Map<string, Claim>[] };
  readonly #known = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  readonly #looking = new Set<Promise<void>>();

  constructor(channel: string, eyes: readonly Eye[]) {
    this.#channel = channel;
    this.#eyes = eyes;
    for (const claims of [this.#claims.listed, this.#claims.told]) for (const _ of eyes) claims.push(new Map());
    this.#timer = setInterval(() => {
      for (const at of eyes.keys()) {
        const look = this.#look(at);
        this.#looking.add(look);
        void look.finally(() => this.#looking.delete(look));
      }
    }, every);
  }

  /** From now on this is so, until something else is said of the same. */
  expect(who: string, shown: boolean, expected: Expected): void {
    this.#known.add(who);
    const since = performance.now();
    for (const at of expected.nodes ?? this.#eyes.keys()) {
      const claim = { ...expected, shown, since, rightAt: undefined, measured: false };
      this.#replace(this.#claims.listed[at], who, claim);
      if (who === saysDegraded) continue;
      const told = { ...claim, what: `${claim.what} (as told)`, within: claim.within + toldLater };
      this.#replace(this.#claims.told[at], who, told);
    }
  }

  /** What these nodes show of it says nothing for now. */
  leaveOpen(who: string, nodes: readonly number[]): void {
    for (const at of nodes) for (const claims of Object.values(this.#claims)) this.#replace(claims[at], who, undefined);
  }

  /** While a node is excused, nothing is expected of it. */
  excuse(node: number, on: boolean): void {
    if (on) this.#excused.add(node);
    else this.#excused.delete(node);
  }

  /** Who is shown now, by what is claimed, on this node: those of whom something is claimed there. */
  claimed(node: number): readonly [who: string, shown: boolean][] {
    return [...(this.#claims.listed[node] ?? [])].map(([who, { shown }]) => [who, shown]);
  }

  /** Whether everything that is claimed has been seen to be so for two seconds, on every node that is not excused. */
  get settled(): boolean {
    const now = performance.now();
    return Object.values(this.#claims).every((ofNodes) =>
      ofNodes.every((claims, at) => this.#excused.has(at) || [...claims.values()].every((claim) => isSettled(claim, now))),
    );
  }

  /** What has not been seen yet, for people. */
  get open(): string {
    const open = Object.entries(this.#claims).flatMap(([how, ofNodes]) =>
      ofNodes.flatMap((claims, at) =>
        [...claims].filter(([, { rightAt }]) => rightAt === undefined).map(([who, { what }]) => `${who} ${what}: node ${at}, ${how}`),
      ),
    );
    return open.join('; ');
  }

  /** How long it took at most until it was shown, in milliseconds, by what had happened: since it was asked last. */
  report(): ReadonlyMap<string, number> {
    for (const ofNodes of Object.values(this.#claims))
      for (const claims of ofNodes) for (const claim of claims.values()) this.#measure(claim);
    const worst = new Map(this.#worst);
    this.#worst.clear();
    return worst;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#looking);
  }

  async #look(at: number): Promise<void> {
    const asked = performance.now();
    try {
      const eye = this.#eyes[at];
      if (!eye || this.#excused.has(at)) return;
      const [list, ready] = await Promise.all([eye.ask(`/v1/channels/${this.#channel}/presence`), eye.ask('/readyz')]);
      // It cannot see its log at the moment, and shows nothing that may be wrong.
      if (list.status === 503) {
        this.putOff += 1;
        return;
      }
      if (!list.ok) throw new Error(`${list.status} ${await list.text()}`);
      const { sample } = (await list.json()) as { sample: readonly { user: string; sessions: number }[] };
      const { degraded } = (await ready.json()) as { degraded: boolean };
      if (this.#excused.has(at)) return;
      this.looks += 1;
      const shown = new Map(sample.map(({ user, sessions }) => [user, sessions]));
      if (degraded) shown.set(saysDegraded, 1);
      this.#judge('listed', at, shown, asked);
      const told = eye.told();
      if (told?.state === 'known') this.#judge('told', at, told.users, performance.now());
    } catch (error) {
      if (this.#excused.has(at)) return;
      if (error instanceof DOMException && error.name === 'TimeoutError') this.putOff += 1;
      else this.complaints.push(`node ${at} does not say who is there: ${error}`);
    }
  }

  #judge(how: 'listed' | 'told', at: number, shown: ReadonlyMap<string, number>, asked: number): void {
    const answered = performance.now();
    for (const [who, sessions] of shown) {
      if (!this.#known.has(who) && who !== saysDegraded) this.complaints.push(`node ${at} shows ${who}, who never was there (${how})`);
      if (sessions !== 1) this.complaints.push(`node ${at} shows ${who} with ${sessions} sessions (${how})`);
    }
    for (const [who, claim] of this.#claims[how][at] ?? []) {
      const { what, since, within, notBefore = 0 } = claim;
      const right = shown.has(who) === claim.shown;
      if (asked < since) continue;
      if (right) {
        claim.rightAt ??= answered;
        if (answered - since < notBefore - slack)
          this.complaints.push(`${who}, ${what}: node ${at} shows it after ${Math.round(answered - since)} ms already`);
        continue;
      }
      claim.rightAt = undefined;
      if (asked - since > within)
        this.complaints.push(`${who}, ${what}: node ${at} shows it otherwise after ${Math.round(asked - since)} ms`);
    }
  }

  #replace(claims: Map<string, Claim> | undefined, who: string, claim: Claim | undefined): void {
    const former = claims?.get(who);
    if (former) this.#measure(former);
    if (claim) claims?.set(who, claim);
    else claims?.delete(who);
  }

  #measure(claim: Claim): void {
    const { what, since, rightAt, measured } = claim;
    if (measured || rightAt === undefined) return;
    claim.measured = true;
    this.#worst.set(what, Math.max(this.#worst.get(what) ?? 0, Math.round(rightAt - since)));
  }
}

/** It has been so for a while; whether it stays so is looked at for as long as it is claimed. */
function isSettled({ rightAt }: Claim, now: number): boolean {
  return rightAt !== undefined && now - rightAt > 4 * every;
}
