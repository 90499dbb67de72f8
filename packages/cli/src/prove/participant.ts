import { type Client, connect, type Event, HubbubError, type Subscription } from '@hubbub/client';
import { platformEnv } from '@hubbub/client/platform/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { parsePosition } from '@hubbub/protocol/position';
import type { Member, Speaker } from './crew-orders.ts';
import { dialThrough } from './dial.ts';
import { type Account, type Given, now, type Step } from './history.ts';
import { Sendings } from './sendings.ts';

/** What is sent: it names its own event, so that whoever reads it can see that it is whole. */
interface Body {
  readonly id: string;
  readonly text: string;
}

/** One client of a run, on the public SDK: it sends, reads, and writes down what becomes of it. */
export class Participant implements Speaker {
  readonly name: string;
  readonly #client: Client;
  readonly #env = platformEnv((mechanism) => {
    if (mechanism === 'client_gap') this.#holes += 1;
  });
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #steps: Record<string, Step[]> = {};
  readonly #sendings = new Sendings();
  readonly #troubles: string[] = [];
  #holes = 0;
  #garbled = 0;
  /** Channels of which older pages are being read anew. */
  #reloading = 0;

  constructor({ name, url, through, token }: Member, channels: readonly string[]) {
    this.name = name;
    const credentials = token === undefined ? { name } : { token };
    const dial = through === undefined ? {} : { dial: dialThrough(through) };
    this.#client = connect({ url, credentials, env: this.#env, build: 'prove', ...dial });
    this.#client.onStatus((status) => {
      if (status.state === 'refused') this.#troubles.push(`signed out: ${status.code}`);
    });
    for (const channel of channels) this.#subscribe(channel);
  }

  /** Events that it has sent and that are not answered yet. */
  get unanswered(): number {
    return this.#sendings.unanswered;
  }

  get answered(): number {
    return this.#sendings.answered;
  }

  /** Whether it says that it has all there is. */
  get live(): boolean {
    return this.#client.status.state === 'live' && this.#reloading === 0;
  }

  /** How far it has read, by channel. */
  offset(channel: string): number {
    return placeOf(this.#subscriptions.get(channel)).offset;
  }

  account(): Account {
    const { name } = this;
    return {
      name,
      user: this.#client.user ?? '',
      sendings: this.#sendings.all,
      steps: this.#steps,
      holes: this.#holes,
      garbled: this.#garbled,
      troubles: this.#troubles,
    };
  }

  /** Sends an event. Resolves when it has been acknowledged or refused. */
  async send(channel: string, text: string): Promise<void> {
    const id = uuidv7(this.#env);
    const send = () => this.#client.send(channel, { id, kind: 'message', body: { id, text } satisfies Body });
    await this.#sendings.send(channel, id, send, (error) => (error instanceof HubbubError ? error.code : String(error)));
  }

  close(): void {
    this.#client.close();
  }

  #subscribe(channel: string): void {
    const steps: Step[] = [];
    this.#steps[channel] = steps;
    const subscription = this.#client.subscribe(channel, {
      position: '0',
      onEvents: (events) => steps.push({ what: 'events', at: now(), epoch: placeOf(subscription).epoch, events: this.#given(events) }),
      onReset: (reason) => {
        const place = placeOf(subscription);
        steps.push({ what: 'reset', at: now(), reason, ...place });
        void this.#reload(channel, place, steps);
      },
      onState: (state) => {
        if (state.state === 'gone' && state.code !== 'closed') this.#troubles.push(`${channel} has gone: ${state.code}`);
      },
    });
    this.#subscriptions.set(channel, subscription);
  }

  /** Reads what stands before the place where the subscription goes on, as any program does that shows a channel from its beginning. */
  async #reload(channel: string, { epoch, offset }: Place, steps: Step[]): Promise<void> {
    this.#reloading += 1;
    try {
      let before = offset + 1;
      while (before > 1) {
        const page = await this.#client.history(channel, { before: { offset: before, epoch } });
        const first = page.events[0];
        if (!first) break;
        steps.push({ what: 'page', at: now(), epoch: page.epoch, events: this.#given(page.events) });
        before = first.offset;
      }
    } catch (error) {
      // By then there is yet another history, and another reset.
      if (!(error instanceof HubbubError && error.code === 'bad_position'))
        this.#troubles.push(`${channel} was not read: ${String(error)}`);
    }
    this.#reloading -= 1;
  }

  #given(events: readonly Event[]): Given[] {
    return events.map(({ offset, id, kind, body }) => {
      if (kind === 'message' && (body as Partial<Body> | null)?.id !== id) this.#garbled += 1;
      return [offset, id] as const;
    });
  }
}

interface Place {
  readonly offset: number;
  readonly epoch: string;
}

function placeOf(subscription: Subscription | undefined): Place {
  const { offset = 0, epoch = '' } = parsePosition(subscription?.position ?? '0') ?? {};
  return { offset, epoch };
}
