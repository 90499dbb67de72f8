import type { Env } from '@hubbub/protocol/env';
import type { Broker } from '../broker/broker.ts';
import { decodeNote, encodeNote, type Note } from '../broker/envelope.ts';
import type { History } from './history.ts';
import type { Mechanism } from './mechanisms.ts';

/** What a note's first line takes, with a long name and a long mark. */
const firstLine = 1_024;

export interface NoteSinks {
  signal(channel: string, node: string, text: string): void;
  presence(channel: string, node: string, text: string): void;
}

/** Carries what is not in the log between nodes, over the broker: whatever is lost stays lost, and whoever sends it knows that. */
export class Notes {
  readonly #env: Env<Mechanism>;
  readonly #history: History;
  readonly #cluster: string;
  readonly #node: string;
  readonly #sinks: NoteSinks;
  #broker: Broker | undefined;

  constructor(env: Env<Mechanism>, history: History, cluster: string, node: string, sinks: NoteSinks) {
    this.#env = env;
    this.#history = history;
    this.#cluster = cluster;
    this.#node = node;
    this.#sinks = sinks;
  }

  /** `channels`: heard from now on, whoever reads them here. */
  start(broker: Broker, channels: readonly string[]): void {
    this.#broker = broker;
    // Refused now, it has it among what it wants.
    if (channels.length > 0) broker.subscribe(channels).catch(() => {});
  }

  /** Nothing is said or heard any more. */
  close(): void {
    this.#broker = undefined;
  }

  /** Bytes of one note's text. */
  get most(): number {
    return (this.#broker?.limits.envelopeBytes ?? firstLine) - firstLine;
  }

  send(kind: Note['kind'], channel: string, text: string): void {
    const { epoch, mark } = this.#history;
    this.#broker?.publish(channel, encodeNote({ kind, cluster: this.#cluster, node: this.#node, epoch, mark, channel, text }));
  }

  /** The broker's sink, for notes. */
  hear(channel: string, envelope: string): void {
    const note = decodeNote(envelope);
    if (!this.#broker || note?.node === this.#node) return;
    // Of another history: its node knows other rights than ours, or none yet.
    if (!note || note.cluster !== this.#cluster || note.channel !== channel || !this.#history.heard(note)) {
      this.#env.count('note_foreign');
      return;
    }
    this.#sinks[note.kind](channel, note.node, note.text);
  }
}
