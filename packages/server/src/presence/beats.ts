/** How often a node says that it lives; and without a word for so long it is taken for dead. */
export const beatEvery = 4_000;
export const deadAfter = 12_000;

/** What a beat says besides. */
export interface Beat {
  /** Each of its parts is told again within so many milliseconds. */
  readonly round: number;
}

export function encodeBeat(beat: Beat): string {
  return JSON.stringify(beat);
}

export function decodeBeat(note: string): Beat | undefined {
  try {
    const { round } = JSON.parse(note) as Partial<Beat>;
    return typeof round === 'number' && round > 0 ? { round } : undefined;
  } catch {
    return undefined;
  }
}

/** Which other nodes live. Whatever one says is a sign of life; beats are for those that have nothing to say. */
export class Lives {
  readonly #nodes = new Map<string, { heardAt: number; round: number }>();

  /** There is nobody to tell anything. */
  get alone(): boolean {
    return this.#nodes.size === 0;
  }

  /** Says whether it is news that this node lives. */
  heard(node: string, now: number, beat?: Beat): boolean {
    const life = this.#nodes.get(node);
    this.#nodes.set(node, { heardAt: now, round: beat?.round ?? life?.round ?? 0 });
    return life === undefined;
  }

  /** How long a part of this node may be unconfirmed: three rounds, for any of them may be lost. */
  patience(node: string): number {
    return Math.max(deadAfter, 3 * (this.#nodes.get(node)?.round ?? 0));
  }

  /** Nodes that have not been heard for too long; each is named once. */
  lost(now: number): readonly string[] {
    const lost = [...this.#nodes].filter(([, { heardAt }]) => now - heardAt >= deadAfter).map(([node]) => node);
    for (const node of lost) this.#nodes.delete(node);
    return lost;
  }

  /** Nothing could be heard until `now`. */
  excuse(now: number): void {
    for (const life of this.#nodes.values()) life.heardAt = now;
  }
}
