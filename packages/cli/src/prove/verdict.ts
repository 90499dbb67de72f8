/** What may be wrong with a history, by the name of its count. */
export type Wrong = 'lost' | 'duplicated' | 'gaps' | 'reordered' | 'phantom' | 'resetsWithoutEpoch' | 'unanswered' | 'troubles';

const named = 5;

/** Counts what is wrong, and keeps the first few of each in words. */
export class Verdict {
  /** Acknowledged, and gone with a copy that was put back. */
  cutOff = 0;
  acked = 0;
  delivered = 0;
  resets = 0;
  readonly #counts = new Map<Wrong, number>();
  readonly #words: string[] = [];

  of(wrong: Wrong): number {
    return this.#counts.get(wrong) ?? 0;
  }

  blame(wrong: Wrong, text: string): void {
    const count = this.of(wrong) + 1;
    this.#counts.set(wrong, count);
    if (count <= named) this.#words.push(`${wrong}: ${text}`);
  }

  /** In words; of each kind the first few, and how many more there are. */
  get violations(): string[] {
    const more = [...this.#counts].filter(([, count]) => count > named).map(([wrong, count]) => `${wrong}: ${count - named} more`);
    return [...this.#words, ...more];
  }
}
