import type { Link, Parcel } from './line.ts';

/** What may wait for its turn, and what may be with the server without an answer: this is no queue, beyond it envelopes are dropped. */
const most = { parcels: 4_000, bytes: 4 * 1024 * 1024, batches: 4, parcelsOfBatch: 500 };

/** Gathers what is published in one turn, and hands it to one link. */
export class Gathering {
  readonly #link: Link;
  readonly #onDropped: (count: number) => void;
  #waiting: Parcel[] = [];
  #characters = 0;
  /** Batches that the server has not answered, each with its size. */
  readonly #flying = new Set<readonly Parcel[]>();
  #due = false;
  #closed = false;

  constructor(link: Link, onDropped: (count: number) => void) {
    this.#link = link;
    this.#onDropped = onDropped;
  }

  add(parcel: Parcel): void {
    const { length } = parcel.envelope;
    if (this.#waiting.length >= most.parcels || this.#characters + length > most.bytes) return this.#onDropped(1);
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
      const parcels = this.#waiting.splice(0, most.parcelsOfBatch);
      for (const { envelope } of parcels) this.#characters -= envelope.length;
      this.#flying.add(parcels);
      void this.#send(parcels);
    }
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
