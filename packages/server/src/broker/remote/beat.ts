const period = 1_000;
const patience = 3_000;

/**
 * Sends itself a word through the server every second. What does not bring it back for three is of no use, whatever its connection looks
 * like: a server that was stopped, or a network that swallows, still takes packets.
 */
export class Beat {
  readonly #send: () => void;
  readonly #onSilent: (reason: string) => void;
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #askedAt = performance.now();

  constructor(send: () => void, onSilent: (reason: string) => void) {
    this.#send = send;
    this.#onSilent = onSilent;
    this.#timer = setInterval(() => this.#beat(), period);
    this.#send();
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    // It was us who were away, and what came meanwhile has yet to be read.
    if (now - this.#askedAt > 2 * period) this.#heardAt = now;
    this.#askedAt = now;
    if (now - this.#heardAt > patience) return this.#onSilent(`nothing has come back for ${patience / 1_000} s`);
    this.#send();
  }
}
