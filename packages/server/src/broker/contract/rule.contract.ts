/** What a rule of the broker's contract is, and what a broker brings to be asked it. */
import assert from 'node:assert/strict';
import type { Broker, BrokerSinks } from '../broker.ts';

type Open = (sinks: BrokerSinks) => Promise<Broker> | Broker;

/** What only those on a server can be made to do. */
export interface Abilities {
  server: {
    /** At once, as SIGKILL does. */
    kill(): Promise<void>;
    /** The same one again, at the same address. */
    start(): Promise<void>;
    /** It takes packets, and answers nothing. */
    pause(): void;
    resume(): void;
  };
  /** A way to the server that can be made to fail, for members of its own. */
  way: {
    readonly open: Open;
    /** Swallows what goes either way, and tells nobody. */
    lose(): void;
    /** It is a way again. */
    restore(): void;
    /** Ends the connections that there are. */
    cut(): void;
  };
  /** Members of another cluster on the same server. */
  apart: { readonly open: Open };
  /** A bound of its envelopes. */
  bound: { readonly bytes: number };
}

export type Ability = keyof Abilities;
/** Why a broker cannot do what it cannot. */
export type Lacks = Readonly<Partial<Record<Ability, string>>>;

/** What the suite needs of a broker: members of one bus, and a way to wait until all that is under way has arrived. */
export interface BrokerFactory extends Partial<Abilities> {
  readonly open: Open;
  /** Where connections had ended, they stand again by then. */
  settled(): Promise<void>;
}

export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly Ability[];
  /** Rejects when brokers of this factory break the rule. `tell` gets figures worth reading. */
  run(factory: BrokerFactory, tell?: (text: string) => void): Promise<void>;
}

/** What a rule stands on: what it needs is there, and whom it opens is closed behind it. */
export interface Ground extends Abilities {
  member(open?: Open): Promise<Member>;
  settled(): Promise<void>;
  tell(text: string): void;
}

/** A broker, and what it has brought. */
export class Member {
  /** `room:a text` */
  readonly envelopes: string[] = [];
  readonly gaps: string[] = [];
  /** Called at each gap. */
  onGap = (): void => {};
  #broker: Broker | undefined;

  get broker(): Broker {
    return this.#broker ?? assert.fail('it is not open yet');
  }

  async open(open: Open): Promise<this> {
    this.#broker = await open({
      onEnvelope: (channel, envelope) => this.envelopes.push(`${channel} ${envelope}`),
      onGap: (reason) => {
        this.gaps.push(reason);
        this.onGap();
      },
    });
    return this;
  }

  /** Speaks until it is dropped: from then on it knows that there is no way. */
  readonly down = async (): Promise<void> => {
    const { dropped } = this.broker;
    await until('what is published is dropped', () => {
      this.broker.publish('room:nowhere', 'is anybody there?');
      return this.broker.dropped > dropped;
    });
  };
}

/** Makes a rule. */
export function rule(id: string, title: string, needs: readonly Ability[], body: (ground: Ground) => Promise<void>): Rule {
  return {
    id,
    title,
    needs,
    run: async (factory, tell = () => {}) => {
      const members: Member[] = [];
      const member: Ground['member'] = async (open = factory.open) => {
        const opened = await new Member().open(open);
        members.push(opened);
        return opened;
      };
      const { server, way, apart, bound } = { ...nothing, ...factory };
      try {
        await body({ server, way, apart, bound, member, settled: () => factory.settled(), tell });
      } finally {
        await Promise.all(members.map(({ broker }) => broker.close()));
      }
    },
  };
}

/** Why the broker is not asked this rule; undefined: it is. */
export function leftOut({ needs }: Rule, lacks: Lacks): string | undefined {
  const missing = needs.flatMap((need) => lacks[need] ?? []);
  return missing.length > 0 ? [...new Set(missing)].join('; ') : undefined;
}

/** Waits for a condition. What never comes about is what the rule is about: it fails as an assertion does. */
export async function until(what: string, condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function missing<Name extends Ability>(ability: Name): Abilities[Name] {
  const fail = (): never =>
    assert.fail(`${ability}: the broker cannot do it and does not say why, or the rule does not say that it needs it`);
  return new Proxy({} as Abilities[Name], { get: fail });
}

const nothing: Abilities = { server: missing('server'), way: missing('way'), apart: missing('apart'), bound: missing('bound') };
