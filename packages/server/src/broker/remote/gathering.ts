import type { Link, Parcel } from './line.ts';

/** What may wait for its turn, and what may be with the server without an answer: this is no queue, beyond it envelopes are dropped. */
const most = { parcels: 4_000, characters: 4 * 1024 * 1024, batches: 4 };
/** One batch is less than a megabyte, whatever its letters are: more, some servers refuse. One envelope alone is a batch in any case. */
const mostOfBatch = { parcels: 500, characters: 256 * 1024 };

/** Gathers what is published in one turn, and hands it to one link. */
export class Gathering {
  readonly #link: Link;
  readonly #onDropped: (count: number) => void;
  #waiting: Parcel[] = [];
  #characters = 0;
  /** Batches that the server has not answered. */
  readonly #flying = new Set<readonly Parcel[]>();
  #due = false;
  #closed = false;

  constructor(link: Link, onDropped: (count: number) => void) {
    this.#link = link;
    this.#onDropped = onDropped;
  }

  add(parcel: Parcel): void {
    const { length } = parcel.envelope;
    if (this.#waiting.length >= most.parcels || this.#characters + length > most.characters) return this.#onDropped(1);
    this.#waiting.push(parcel);
    this.#characters += length;
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#flush();
    });
  }

  /** The link is lost, and with it what waits for it or has had no answer. */
  close(): void {
    this.#closed = true;
    const lost = [this.#waiting, ...this.#flying].reduce((sum, { length }) => sum + length, 0);
    this.#waiting = [];
    this.#flying.clear();
    if (lost > 0) this.#onDropped(lost);
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#flying.size < most.batches) {
      const parcels = this.#batch();
      this.#flying.add(parcels);
      void this.#send(parcels);
    }
  }

  #batch(): readonly Parcel[] {
    let [count, characters] = [0, 0];
    for (const { envelope } of this.#waiting) {
      if (count > 0 && (count === mostOfBatch.parcels || characters + envelope.length > mostOfBatch.characters)) break;
      count += 1;
      characters += envelope.length;
    }
    this.#characters -= characters;
    return this.#waiting.splice(0, count);
  }

  async #send(parcels: readonly Parcel[]): Promise<void> {
    try {
      await this.#link.send(parcels);
    } catch {
      if (!this.#closed) this.#onDropped(parcels.length);
    }
    this.#flying.delete(parcels);
    if (!this.#closed) this.#flush();
  }
}
