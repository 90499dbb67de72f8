/** A whole node over memory with readers of one channel, and an authority that takes its time. */
import { localBus } from '../broker/local.ts';
import { createMemoryData, type MemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import type { Authority } from './authority.ts';
import { Clock } from './clock.fixture.ts';
import { Bystander, channel, type Draft, type Link, Reader, Sender } from './links.fixture.ts';
import { createNode, type HubbubNode } from './node.ts';
import type { Frame } from './transport.ts';

export interface StageOptions {
  /** Instead of an empty one. */
  readonly data?: MemoryData;
  /** Others who read along. */
  readonly bystanders?: number;
  /** Milliseconds that a write to each of them takes. */
  readonly flushCost?: number;
  /** Milliseconds that the authority takes for an answer. */
  readonly asking?: number;
}

export class Stage {
  readonly clock = new Clock();
  readonly data: MemoryData;
  /** What the bystanders were given. */
  readonly shared = new WeakSet<Frame>();
  /** Reads of the store. */
  reads = 0;
  readonly #node: HubbubNode;
  readonly #sender = new Sender(this.clock);
  readonly #knew = new Map<string, number>();
  /** While it is moved on, the clock is not moved by what happens meanwhile as well. */
  #costly = false;
  #past = 0;

  private constructor({ data, asking = 0 }: StageOptions) {
    this.data = data ?? createMemoryData({ now: () => 1, random: () => 0.3 });
    const store = openMemory(this.data);
    const { env } = this.clock;
    const authority: Authority = {
      mayRead: async (questions) => {
        const { head } = this.data.log(channel).standing;
        if (asking > 0) await new Promise<void>((resolve) => env.timer(asking, resolve));
        for (const { who } of questions) this.#knew.set(who.user, head);
        return questions.map(() => 'ok');
      },
      listed: 'public',
      mine: ({ user }) => `member:${user}`,
      admit: async (_, __, { body }) => {
        const { concerns } = body as Draft;
        return { ok: true, counts: true, ...(concerns.length > 0 && { concerns }) };
      },
    };
    this.#node = createNode({
      env,
      store: {
        ...store,
        read: (...asked) => {
          this.reads += 1;
          return store.read(...asked);
        },
      },
      broker: localBus(env.turn).open,
      authority,
      identity: { identify: async (shown) => shown.map((one) => ({ who: { user: 'name' in one ? one.name : '', rights: [] } })) },
      build: 'test',
    });
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(options);
    await stage.#node.start();
    stage.#attach(stage.#sender, 'ann');
    const flushed = (): void => {
      if (stage.#costly) stage.clock.spend(options.flushCost ?? 0);
    };
    const crowd = Array.from({ length: options.bystanders ?? 0 }, () => new Bystander(stage.clock, stage.shared, flushed));
    for (const one of crowd) stage.#attach(one, 'crowd');
    await stage.clock.settle();
    for (const one of crowd) one.say(2, 'subscribe', { to: [{ channel }] });
    await stage.clock.pass(options.asking ?? 0);
    return stage;
  }

  /** A reader who has read up to `offset`. */
  async reader(user: string, offset: number, window = 0): Promise<Reader> {
    const reader = new Reader(this.clock, user, { offset, epoch: this.data.epoch }, window, () => this.#knew.get(user) ?? 0);
    this.#attach(reader, user);
    await this.clock.settle();
    reader.subscribe();
    return reader;
  }

  send(drafts: readonly Draft[]): void {
    this.#sender.send(drafts);
  }

  /** Commits past the node; the look finds it. */
  commitElsewhere(drafts: readonly Draft[]): void {
    for (const { text, concerns } of drafts) {
      this.#past += 1;
      const id = `00000000-0000-7000-9000-${String(this.#past).padStart(12, '0')}`;
      this.data.append([{ channel, id, from: 'bob', kind: 'say', body: JSON.stringify({ text }), counts: true, concerns }]);
    }
  }

  /** One turn of the event loop. */
  async turn(): Promise<void> {
    this.#sender.pump();
    this.#costly = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.#costly = false;
  }

  async pass(ms: number): Promise<void> {
    this.#sender.pump();
    await this.clock.pass(ms);
  }

  /** Lets everything come to its end: nothing is away, nothing is full, all is sent. */
  async end(readers: readonly Reader[]): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (const reader of readers) {
        if (reader.away) reader.subscribe();
        reader.drain();
      }
      await this.pass(100);
      if (this.#sender.idle && readers.every(({ cursor }) => cursor === this.data.log(channel).standing.head)) break;
    }
    // What has been committed elsewhere is found by now, and what is given twice would come.
    await this.pass(1_000);
    await this.#node.close();
  }

  #attach(link: Link, name: string): void {
    link.sink = this.#node.attach(link);
    link.say(1, 'hello', { protocol: 1, session: crypto.randomUUID(), name });
  }
}
