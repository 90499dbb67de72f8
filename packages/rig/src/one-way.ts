import type { Socket } from 'node:net';

/**
 * What becomes of the bytes that go one way:
 * - `pass`: they are handed on.
 * - `hold`: they are not read, so that what the kernels on the way cannot take, the sender cannot send. They come later.
 * - `dribble`: one byte a second is handed on; the rest comes later.
 * - `lateMs`: each byte comes so much later.
 * - `lose`: they are read and gone, and so is the news that the sender has closed: nobody is there any more, and nobody says so.
 */
export type Weather = 'pass' | 'hold' | 'dribble' | 'lose' | { readonly lateMs: number };

const dribbleMs = 1_000;

/** Tells the other side that the connection does not exist. One that is being ended cannot be reset any more, Node would never close it. */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** The bytes from one socket to another. */
export class OneWay {
  /** How many bytes were handed on, and how many were lost. */
  passed = 0;
  lost = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #alter: (bytes: Buffer) => Buffer;
  #weather: Weather = 'pass';
  /** Read, and not to be handed on yet. */
  #waiting: Buffer = Buffer.alloc(0);
  #dribble: NodeJS.Timeout | undefined;
  /** On their way, the earliest first; each has a timer of its own. */
  readonly #late: Buffer[] = [];
  /** How the sender has closed, and whether that was lost too. */
  #end: 'open' | 'ended' | 'closed' | 'failed' = 'open';
  #endLost = false;

  constructor(from: Socket, to: Socket, alter: (bytes: Buffer) => Buffer) {
    this.#from = from;
    this.#to = to;
    this.#alter = alter;
    from.on('data', (bytes: Buffer) => this.#came(bytes));
    from.on('end', () => this.#ended('ended'));
    from.on('error', () => this.#ended('failed'));
    from.on('close', () => this.#ended('closed'));
    to.on('drain', () => this.#flow());
    to.on('close', () => clearInterval(this.#dribble));
  }

  /** Something is missing of what has to come in one piece, and the weather no longer hides it. */
  get broken(): boolean {
    return this.#weather !== 'lose' && (this.lost > 0 || this.#endLost);
  }

  /** Whoever sends here has closed, whether the receiver was told or not. */
  get senderClosed(): boolean {
    return this.#end !== 'open';
  }

  set(weather: Weather): void {
    this.#weather = weather;
    for (const bytes of this.#late.splice(0)) this.#hand(bytes);
    clearInterval(this.#dribble);
    if (weather === 'dribble') this.#dribble = setInterval(() => this.#drop(), dribbleMs).unref();
    this.#flow();
  }

  #came(bytes: Buffer): void {
    if (typeof this.#weather === 'object') this.#delay(bytes, this.#weather.lateMs);
    else if (this.#weather === 'pass' && this.#waiting.length === 0) this.#hand(bytes);
    else if (this.#weather === 'lose') this.lost += bytes.length;
    else this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.#flow();
  }

  /** What is late when the weather changes comes then, before what is behind it. */
  #delay(bytes: Buffer, ms: number): void {
    this.#late.push(bytes);
    setTimeout(() => {
      if (this.#late[0] !== bytes) return;
      this.#late.shift();
      this.#hand(bytes);
      this.#finish();
    }, ms);
  }

  #hand(bytes: Buffer): void {
    const altered = this.#alter(bytes);
    this.passed += altered.length;
    if (altered.length > 0 && this.#to.writable) this.#to.write(altered);
  }

  /** Reads on, or does not, and passes on what may be passed. */
  #flow(): void {
    if (this.#weather === 'lose') this.lost += this.#take(this.#waiting.length).length;
    if (this.#weather === 'pass' && this.#waiting.length > 0) this.#hand(this.#take(this.#waiting.length));
    const reads = this.#weather === 'lose' || (this.#weather !== 'hold' && this.#waiting.length === 0 && !this.#to.writableNeedDrain);
    if (reads) this.#from.resume();
    else this.#from.pause();
    this.#finish();
  }

  #drop(): void {
    this.#hand(this.#take(1));
    this.#flow();
  }

  #take(count: number): Buffer {
    const taken = this.#waiting.subarray(0, count);
    this.#waiting = this.#waiting.subarray(count);
    return taken;
  }

  #ended(how: 'ended' | 'closed' | 'failed'): void {
    if (this.#end !== 'failed') this.#end = how;
    if (this.#weather === 'lose') this.#endLost = true;
    this.#finish();
  }

  /** The receiver hears of the end behind the last byte, or never. */
  #finish(): void {
    if (this.#end === 'open' || this.#weather === 'lose' || this.broken || this.#waiting.length > 0 || this.#late.length > 0) return;
    if (this.#end === 'failed') reset(this.#to);
    else if (this.#end === 'closed') this.#to.destroySoon();
    else this.#to.end();
  }
}
