import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, HubbubError } from '@hubbub/client';
import { isChannel } from '@hubbub/protocol/names';
import { Presets, SingleBar } from 'cli-progress';
import { CommandError } from '../fail.ts';
import { channelOfFile, type IrcEvent, parseIrc } from '../irc.ts';
import { connectTo, refusal, type TargetOptions } from '../target.ts';

export interface ImportOptions extends TargetOptions {
  readonly channel?: string;
  /** So many times as fast as it was said; left out: as fast as it goes, with the times of the log. */
  readonly speed?: number;
}

/** Sends ahead of the acknowledgements so many: the SDK puts 64 in a command and keeps one on its way. */
const ahead = 256;

interface Tally {
  added: number;
  known: number;
}

/** Imports logs, channels side by side, each in its files' order. Importing twice adds nothing. */
export async function importIrc(files: readonly string[], { channel, speed, ...target }: ImportOptions): Promise<void> {
  const began = performance.now();
  const channels = new Map<string, IrcEvent[]>();
  for (const file of files) {
    const name = channel ?? channelOfFile(file);
    if (!isChannel(name)) throw new CommandError(`${name} is no name of a channel; --channel gives another`, 2);
    channels.set(name, [...(channels.get(name) ?? []), ...parseIrc(read(file), file, name)]);
  }
  const total = [...channels.values()].reduce((sum, events) => sum + events.length, 0);
  const client = connectTo(target);
  const tally: Tally = { added: 0, known: 0 };
  const bar = new SingleBar({ format: '{bar} {value}/{total} events, {eta} s to go', stream: process.stderr, noTTYOutput: false }, Presets.shades_classic);
  if (process.stderr.isTTY) bar.start(total, 0);
  try {
    const all = [...channels].map(([name, events]) => sendAll(client, name, events, speed, tally, () => bar.increment()));
    await Promise.race([Promise.all(all), refusal(client)]);
  } catch (error) {
    throw error instanceof HubbubError ? new CommandError(`${error.message} (${error.code}); ${tally.added} events are in, import again to go on`) : error;
  } finally {
    bar.stop();
    client.close();
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  process.stdout.write(`${total} lines of ${files.length} files: ${tally.added} events added, ${tally.known} were there already, ${seconds} s\n`);
}

async function sendAll(client: Client, channel: string, events: readonly IrcEvent[], speed: number | undefined, tally: Tally, done: () => void) {
  let waiting: Promise<void>[] = [];
  let last = events[0]?.ts ?? 0;
  for (const { id, from, kind, body, ts } of events) {
    if (speed !== undefined) {
      // A night's silence is nobody's demo.
      const silence = Math.min(ts - last, 60_000) / speed;
      if (silence >= 1) await pause(silence);
      last = ts;
    }
    const draft = { id, from, kind, body, ...(speed === undefined && { ts }) };
    const sent = client.send(channel, draft).then(({ duplicate }) => {
      if (duplicate) tally.known += 1;
      else tally.added += 1;
      done();
    });
    waiting.push(sent);
    if (waiting.length >= ahead) {
      // Half of them: the other half keeps the lane busy meanwhile.
      await Promise.all(waiting.slice(0, ahead / 2));
      waiting = waiting.slice(ahead / 2);
    }
  }
  await Promise.all(waiting);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
