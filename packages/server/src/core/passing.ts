import type { Env } from '@hubbub/protocol/env';
import type { Broker } from '../broker/broker.ts';
import type { History } from './history.ts';
import type { Hub } from './hub.ts';
import type { Mechanism } from './mechanisms.ts';
import { Notes } from './notes.ts';
import { everyNode, type OpenPresence, type Presence } from './presence.ts';
import { Signals } from './signals.ts';
import { Watching } from './watching.ts';

export interface PassingParts {
  readonly env: Env<Mechanism>;
  readonly history: History;
  readonly hub: Hub;
  readonly cluster: string;
  readonly node: string;
  readonly open: OpenPresence | undefined;
  held(): boolean;
  /** Our own bells do not come back. */
  deaf(): boolean;
}

/** What passes and is never in the log, put together: signals, who is there, and the notes by which nodes tell each other of both. */
export class Passing {
  readonly signals: Signals;
  readonly watching: Watching;
  /** Left out where the node was given none. */
  readonly presence: Presence | undefined;
  readonly #notes: Notes;

  constructor({ env, history, hub, cluster, node, open, held, deaf }: PassingParts) {
    const notes = new Notes(env, history, cluster, node, {
      signal: (...note) => this.signals.hear(...note),
      presence: (...note) => this.presence?.hear(...note),
    });
    this.#notes = notes;
    this.signals = new Signals({ env, hub, send: (channel, text) => notes.send('signal', channel, text), held });
    this.watching = new Watching({ env, presence: () => this.presence, held });
    this.presence = open?.({
      env,
      wire: {
        publish: (channel, note) => notes.send('presence', channel, note),
        get most() {
          return notes.most;
        },
        get deaf() {
          return deaf();
        },
      },
      changed: (...change) => this.watching.changed(...change),
    });
  }

  start(broker: Broker): void {
    this.#notes.start(broker, this.presence ? [everyNode] : []);
  }

  /** The broker's sink, for notes. */
  hear(channel: string, envelope: string): void {
    this.#notes.hear(channel, envelope);
  }

  /** Notes may have been missed. */
  gap(): void {
    this.presence?.gap();
  }

  close(): void {
    this.watching.close();
    this.presence?.close();
    this.#notes.close();
  }
}
