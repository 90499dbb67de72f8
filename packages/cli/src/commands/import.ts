import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, HubbubError } from '@hubbub/client';
import { isChannel } from '@hubbub/protocol/names';
import { CommandError } from '../fail.ts';
import { channelOfFile, type IrcEvent, parseIrc } from '../irc.ts';
import { showProgress } from '../progress.ts';
import { connectTo, type TargetOptions } from '../target.ts';

export interface ImportOptions extends TargetOptions {
  readonly channel?: string;
  /** So many times as fast as it was said; left out: as fast as it goes, with the times of the log. */
  readonly speed?: number;
}

/** Sends ahead of the acknowledgements so many: the SDK puts 64 in a command and keeps one on its way. */
const ahead = 256;
/** A night's silence is nobody's demo. */
const longestSilence = 60_000;

interface Tally {
  added: number;
  known: number;
}

/** Imports logs, channels side by side, each in its files' order. Importing twice adds nothing. */
export async function importIrc(files: readonly string[], { channel, speed, ...target }: ImportOptions): Promise<void> {
  const began = performance.now();
  const channels = readAll(files, channel);
  const total = [...channels.values()].reduce((sum, events) => sum + events.length, 0);
  const { client, trouble } = connectTo(target, (said) => process.stderr.write(`hubbub: ${said}\n`));
  const tally: Tally = { added: 0, known: 0 };
  const progress = showProgress(total, 'lines');
  const count = (duplicate: boolean): void => {
    tally[duplicate ? 'known' : 'added'] += 1;
    progress.done();
  };
  // Somebody who has given up must not be kept waiting by a silence that is played.
  const giveUp = new AbortController();
  try {
    const all = [...channels].map(([name, events]) => new Sending(client, name, speed, giveUp.signal, count).all(events));
    await Promise.race([Promise.all(all), trouble]);
  } catch (error) {
    if (!(error instanceof HubbubError)) throw error;
    throw new CommandError(`${error.message} (${error.code}); ${tally.added} events were added, importing again goes on`);
  } finally {
    giveUp.abort();
    progress.stop();
    client.close();
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  process.stdout.write(`${total} lines: ${tally.added} events added, ${tally.known} were there already, ${seconds} s\n`);
}

function readAll(files: readonly string[], channel: string | undefined): Map<string, IrcEvent[]> {
  const channels = new Map<string, IrcEvent[]>();
  for (const file of files) {
    const name = channel ?? channelOfFile(file);
    if (!isChannel(name)) throw new CommandError(`${name} is no name of a channel; --channel gives another, such as room:general`, 2);
    const events = channels.get(name) ?? [];
    for (const event of parseIrc(read(file), file, name)) events.push(event);
    channels.set(name, events);
  }
  return channels;
}

/** One channel's events on their way, a bounded number ahead of their acknowledgements. */
class Sending {
  readonly #client: Client;
  readonly #channel: string;
  readonly #speed: number | undefined;
  readonly #giveUp: AbortSignal;
  readonly #count: (duplicate: boolean) => void;
  #waiting = 0;
  #failed: unknown;
  #wake: () => void = () => {};

  constructor(client: Client, channel: string, speed: number | undefined, giveUp: AbortSignal, count: (duplicate: boolean) => void) {
    this.#client = client;
    this.#channel = channel;
    this.#speed = speed;
    this.#giveUp = giveUp;
    this.#count = count;
  }

  /** Resolves when all are in the log; rejects with the first that is refused, and sends none after it. */
  async all(events: readonly IrcEvent[]): Promise<void> {
    let last = events[0]?.ts ?? 0;
    for (const event of events) {
      if (this.#speed !== undefined) {
        const silence = Math.min(event.ts - last, longestSilence) / this.#speed;
        if (silence >= 1) await pause(silence, undefined, { signal: this.#giveUp });
        last = event.ts;
      }
      this.#send(event);
      // Half of them, so that the lane has work meanwhile.
      if (this.#waiting >= ahead) await this.#fewer(ahead / 2);
      this.#check();
    }
    await this.#fewer(0);
    this.#check();
  }

  #send({ id, from, kind, body, ts }: IrcEvent): void {
    this.#waiting += 1;
    this.#client.send(this.#channel, { id, from, kind, body, ...(this.#speed === undefined && { ts }) }).then(
      ({ duplicate }) => {
        this.#count(duplicate);
        this.#settled();
      },
      (error: unknown) => {
        this.#failed ??= error;
        this.#settled();
      },
    );
  }

  #settled(): void {
    this.#waiting -= 1;
    this.#wake();
  }

  #fewer(most: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (this.#waiting <= most || this.#failed !== undefined) resolve();
      };
      this.#wake();
    });
  }

  #check(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
