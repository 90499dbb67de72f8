/**
 * A stream of numbers in [0, 1) that follows from a seed and a name. Each actor has its own, so that leaving one out does not shift the
 * others. Source: sfc32 of PractRand (C. Doty-Humphrey), seeded by FNV-1a over the text.
 */
export function randomStream(seed: number, name: string): () => number {
  let a = fnv(`${seed} ${name} a`);
  let b = fnv(`${seed} ${name} b`);
  let c = fnv(`${seed} ${name} c`);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 12; warm++) next();
  return next;
}

function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Draws from a stream, by what one wants. */
export class Dice {
  readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** From `low` up to, not including, `high`. */
  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  /** One of the list, or undefined of an empty one. */
  pick<Value>(list: readonly Value[]): Value | undefined {
    return list[this.below(list.length)];
  }

  /** Mostly short, now and then long: the shape of delays. */
  delay(usual: number, long: number): number {
    return this.chance(0.95) ? this.between(usual / 2, usual * 1.5) : this.between(usual, long);
  }
}
