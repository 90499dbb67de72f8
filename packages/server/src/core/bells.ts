import { byteLength } from '@hubbub/protocol/body';
import type { Env } from '@hubbub/protocol/env';
import type { Entry } from '@hubbub/protocol/event';
import type { Broker } from '../broker/broker.ts';
import { decodeEnvelope, encodeEnvelope } from '../broker/envelope.ts';
import type { History } from './history.ts';
import type { Mechanism } from './mechanisms.ts';

const ownBellPeriod = 1_000;
const ownBellsRemembered = 10;
const shortestPatience = 2;
const longestPatience = 50;

/** Rings what was committed here, hears what was committed elsewhere, and rings itself to know whether the way there is open. */
export class Bells {
  readonly #env: Env<Mechanism>;
  readonly #history: History;
  readonly #cluster: string;
  readonly #node: string;
  readonly #parcels: boolean;
  readonly #onRing: (channel: string, head: number, entries: readonly Entry[]) => void;
  #broker: Broker | undefined;
  /** Own bells that are out, by number: when they were rung. */
  readonly #out = new Map<number, number>();
  readonly #roundTrips: number[] = [];
  #counter = 0;
  #cancel: (() => void) | undefined;
  #closed = false;

  /** `parcels`: whether bells carry events. */
  constructor(env: Env<Mechanism>, history: History, cluster: string, node: string, onRing: Bells['ring'], parcels: boolean) {
    this.#env = env;
    this.#history = history;
    this.#cluster = cluster;
    this.#node = node;
    this.#parcels = parcels;
    this.#onRing = (channel, head, entries) => onRing(channel, head, entries);
  }

  /** Two own bells in a row have not come back: the broker is not to be counted on. Only told to people; delivery needs no second mode. */
  get degraded(): boolean {
    return this.#out.size >= 2;
  }

  /** How long a hole may wait for its bell, in milliseconds: twice what bells have taken lately. */
  get patience(): number {
    const sorted = [...this.#roundTrips].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return Math.min(longestPatience, Math.max(shortestPatience, 2 * median));
  }

  start(broker: Broker): void {
    this.#broker = broker;
    if (!broker.limits.ownBell) return;
    broker.subscribe([this.#ownChannel]).catch(() => {});
    this.#ringOwn();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /** Tells the other nodes where the channel stands, with the events if they fit. */
  ring(channel: string, head: number, entries: readonly Entry[]): void {
    const broker = this.#broker;
    if (!broker) return;
    const { epoch, mark } = this.#history;
    const envelope = { cluster: this.#cluster, node: this.#node, epoch, mark, channel, head, entries: this.#parcels ? entries : [] };
    const text = encodeEnvelope(envelope);
    const fits = text.length <= broker.limits.envelopeBytes && byteLength(text) <= broker.limits.envelopeBytes;
    broker.publish(channel, fits ? text : encodeEnvelope({ ...envelope, entries: [] }));
  }

  /** The broker's sink. */
  hear(channel: string, text: string): void {
    if (this.#closed) return;
    const envelope = decodeEnvelope(text);
    if (!envelope || envelope.cluster !== this.#cluster || envelope.channel !== channel) {
      this.#env.count('bell_foreign');
      return;
    }
    if (channel === this.#ownChannel) return this.#heardOwn(envelope.head);
    // Our own appends have reached the hub without the broker.
    if (envelope.node === this.#node) return;
    if (this.#history.heard(envelope)) this.#onRing(channel, envelope.head, envelope.entries);
  }

  get #ownChannel(): string {
    return `node:${this.#node}`;
  }

  #ringOwn(): void {
    this.#counter += 1;
    // More than two that are out say nothing more.
    for (const number of this.#out.keys()) if (this.#out.size > 2) this.#out.delete(number);
    this.#out.set(this.#counter, this.#env.now());
    this.ring(this.#ownChannel, this.#counter, []);
    this.#cancel = this.#env.timer(ownBellPeriod, () => this.#ringOwn());
  }

  #heardOwn(number: number): void {
    const rungAt = this.#out.get(number);
    if (rungAt === undefined) return;
    // Whatever was rung before it and has not come is lost, and the way is open again.
    for (const earlier of this.#out.keys()) if (earlier <= number) this.#out.delete(earlier);
    this.#roundTrips.push(this.#env.now() - rungAt);
    if (this.#roundTrips.length > ownBellsRemembered) this.#roundTrips.shift();
  }
}
