/** Links of a node that keep what they are given: of readers, whose links a test fills and empties, of somebody who sends, of others. */
import type { Code } from '@hubbub/protocol/codes';
import type { Clock } from './clock.fixture.ts';
import type { Frame, LinkSink, Transport } from './transport.ts';

export const channel = 'room:a';

/** A frame of events as it was written. */
export interface Page {
  readonly frame: Frame;
  readonly offsets: readonly number[];
  /** The events' texts, with the commas between them. */
  readonly texts: string;
  /** All up to here was committed when the authority was asked for its last answer about this reader. */
  readonly knew: number;
}

/** A link that lives, and takes all it is given. */
export class Link implements Transport {
  readonly traits = { name: 'simulated', signals: true, presence: true, loopback: false } as const;
  readonly clock: Pick<Clock, 'env'>;
  sink: LinkSink | undefined;

  constructor(clock: Pick<Clock, 'env'>) {
    this.clock = clock;
  }

  write(_: Frame): void {}

  flush(): void {}

  room(): number {
    return 65_536;
  }

  heardAt(): number {
    return this.clock.env.now();
  }

  ping(): void {}

  close(code: Code): void {
    if (code !== 'closing') throw new Error(`closed: ${code}`);
  }

  say(req: number, cmd: string, members: object): void {
    this.sink?.onFrame(JSON.stringify({ req, cmd, ...members }));
  }
}

/** Somebody else, always live: what he is given too was shared. */
export class Bystander extends Link {
  readonly #given: WeakSet<Frame>;
  readonly #flushed: () => void;
  #written = false;

  constructor(clock: Pick<Clock, 'env'>, given: WeakSet<Frame>, flushed: () => void) {
    super(clock);
    this.#given = given;
    this.#flushed = flushed;
  }

  override write(frame: Frame): void {
    this.#given.add(frame);
    this.#written = true;
  }

  override flush(): void {
    if (this.#written) this.#flushed();
    this.#written = false;
  }
}

/** Keeps its place, and the bytes of every event. */
export class Reader extends Link {
  readonly user: string;
  readonly pages: Page[] = [];
  /** It has read up to here before the test, and by now. */
  readonly start: number;
  cursor: number;
  /** The system takes nothing of what is written. */
  full = false;
  readonly #epoch: string;
  readonly #window: number;
  readonly #knew: () => number;
  #unsent = 0;
  #req = 1;
  #subscribed = false;

  /** `window`: what its link holds before it is full until the test says otherwise; 0: nothing stays in it. */
  constructor(clock: Pick<Clock, 'env'>, user: string, from: { offset: number; epoch: string }, window: number, knew: () => number) {
    super(clock);
    this.user = user;
    this.start = from.offset;
    this.cursor = from.offset;
    this.#epoch = from.epoch;
    this.#window = window;
    this.#knew = knew;
  }

  override write(frame: Frame): void {
    if (this.#window > 0) this.#unsent += frame.bytes;
    const { text } = frame;
    if (text.startsWith('{"push":"events"')) this.#take(frame);
    else if (text.startsWith(`{"res":${this.#req},`)) this.#subscribed = text.includes('"position"');
  }

  override room(): number {
    return this.full ? 0 : (this.#window || 65_536) - this.#unsent;
  }

  /** The system has taken all that was written, and goes on taking. */
  drain(): void {
    this.full = false;
    this.#unsent = 0;
    this.sink?.onRoom();
  }

  subscribe(): void {
    this.#req += 1;
    this.#subscribed = false;
    const position = this.cursor === 0 ? '0' : `${this.cursor}~${this.#epoch}`;
    this.say(this.#req, 'subscribe', { to: [{ channel, position }] });
  }

  unsubscribe(): void {
    this.#req += 1;
    this.#subscribed = false;
    this.say(this.#req, 'unsubscribe', { channels: [channel] });
  }

  /** It has left, or the server has not let it in. */
  get away(): boolean {
    return !this.#subscribed;
  }

  #take(frame: Frame): void {
    const { events } = JSON.parse(frame.text) as { events: { offset: number }[] };
    const offsets = events.map(({ offset }) => offset);
    const begin = '"events":[';
    const texts = frame.text.slice(frame.text.indexOf(begin) + begin.length, -2);
    this.pages.push({ frame, offsets, texts, knew: this.#knew() });
    this.cursor = offsets.at(-1) ?? this.cursor;
  }
}

export interface Draft {
  readonly text: string;
  readonly concerns: readonly string[];
}

/** Sends one command after the other, and again what was not taken. */
export class Sender extends Link {
  #waiting: object[] = [];
  #inFlight: object[] = [];
  #req = 1;
  #ids = 0;

  send(drafts: readonly Draft[]): void {
    for (const { text, concerns } of drafts) {
      this.#ids += 1;
      const id = `00000000-0000-7000-8000-${String(this.#ids).padStart(12, '0')}`;
      this.#waiting.push({ id, kind: 'say', body: { text, concerns } });
    }
    this.pump();
  }

  get idle(): boolean {
    return this.#waiting.length + this.#inFlight.length === 0;
  }

  pump(): void {
    if (this.#inFlight.length > 0 || this.#waiting.length === 0) return;
    this.#inFlight = this.#waiting.splice(0, 16);
    this.#req += 1;
    this.say(this.#req, 'send', { channel, events: this.#inFlight });
  }

  override write(frame: Frame): void {
    const { res, results = [] } = JSON.parse(frame.text) as { res?: number; results?: { error?: unknown }[] };
    if (res !== this.#req) return;
    const taken = results.filter(({ error }) => error === undefined).length;
    this.#waiting.unshift(...this.#inFlight.slice(taken));
    this.#inFlight = [];
    // What was not taken waits for the next step.
    if (taken > 0) this.clock.env.turn(() => this.pump());
  }
}
