/** Clients that say something all the time and keep a record of what they hear: the SDK, as any program uses it. */
import assert from 'node:assert/strict';
import { type Client, type Credentials, connect, type Status } from '@hubbub/client';
import { until } from '@hubbub/rig/servers/until';

const linked = (state: Status['state']): boolean => state !== 'connecting' && state !== 'reconnecting';

/** One client that reads a channel from its beginning and, once told to, sends there in an even rhythm. */
export class Talker implements Disposable {
  readonly client: Client;
  readonly channel: string;
  /** Offsets and texts, in the order in which they were applied. */
  readonly heard: { readonly offset: number; readonly text: string }[] = [];
  /** What was told of each text: the offset at which it stands. */
  readonly acked = new Map<string, number>();
  /** What was refused for good: nothing should be. */
  readonly failed: string[] = [];
  readonly resets: string[] = [];
  token = '';
  /** Milliseconds: the longest time without a link, since it first had one, and the longest that a send waited for its acknowledgement. */
  longestGap = 0;
  longestSend = 0;
  #lostAt: number | undefined;
  #sends = new Set<Promise<void>>();
  #rhythm: NodeJS.Timeout | undefined;
  #said = 0;

  constructor(url: string, channel: string, credentials: Credentials) {
    this.channel = channel;
    this.client = connect({
      url,
      credentials,
      onToken: (token) => {
        this.token = token;
      },
    });
    let was = false;
    this.client.onStatus(({ state }) => {
      const is = linked(state);
      if (was && !is) this.#lostAt ??= performance.now();
      if (is && this.#lostAt !== undefined) {
        this.longestGap = Math.max(this.longestGap, performance.now() - this.#lostAt);
        this.#lostAt = undefined;
      }
      was ||= is;
    });
    this.client.subscribe(channel, {
      position: '0',
      onEvents: (events) => {
        for (const { offset, kind, body } of events) {
          this.heard.push({ offset, text: kind === 'message' ? (body as { text: string }).text : '' });
        }
      },
      onReset: (reason) => this.resets.push(reason),
    });
  }

  get live(): boolean {
    return this.client.status.state === 'live';
  }

  say(): void {
    this.#said += 1;
    const text = `${this.client.user}:${this.#said}`;
    const began = performance.now();
    const sending = this.client.send(this.channel, { kind: 'message', body: { text } }).then(
      ({ offset }) => {
        this.acked.set(text, offset);
        this.longestSend = Math.max(this.longestSend, performance.now() - began);
      },
      (error: unknown) => void this.failed.push(String(error)),
    );
    this.#sends.add(sending);
    void sending.then(() => this.#sends.delete(sending));
  }

  begin(everyMs: number): void {
    this.#rhythm = setInterval(() => this.say(), everyMs);
  }

  /** Says nothing more; resolves when all that it has said is acknowledged or refused. */
  async end(): Promise<void> {
    clearInterval(this.#rhythm);
    await Promise.all(this.#sends);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#rhythm);
    this.client.close();
  }
}

/** Waits until they have said all that they say, and each has heard it. */
export async function heardAll(talkers: readonly Talker[]): Promise<void> {
  await Promise.all(talkers.map((talker) => talker.end()));
  const last = Math.max(...talkers.flatMap(({ acked }) => [...acked.values()]));
  await until('all have heard all', () => talkers.every(({ heard }) => heard.length >= last));
}

/** I1–I3 of some that read one channel: all that was acknowledged is there, once, where it was said to be; all heard the same, without a gap. */
export function nothingLost(talkers: readonly Talker[]): { readonly acked: number; readonly events: number } {
  const [first] = talkers;
  assert.ok(first);
  const acked = new Map(talkers.flatMap((talker) => [...talker.acked]));
  const last = Math.max(...acked.values());
  for (const talker of talkers) {
    assert.deepEqual(talker.failed, []);
    assert.deepEqual(talker.resets, []);
    assert.deepEqual(
      talker.heard.map(({ offset }) => offset),
      talker.heard.map((_, at) => at + 1),
      'each offset once, in order, none left out',
    );
    assert.ok(talker.heard.length >= last, `heard ${talker.heard.length} of ${last}`);
    assert.deepEqual(talker.heard.slice(0, last), first.heard.slice(0, last));
  }
  const texts = first.heard.map(({ text }) => text).filter((text) => text !== '');
  assert.equal(new Set(texts).size, texts.length, 'no text twice');
  for (const [text, offset] of acked) assert.equal(first.heard[offset - 1]?.text, text);
  return { acked: acked.size, events: first.heard.length };
}
