/** The highest rate of a grid whose steps are 10 %. */
const step = 1.1;
/** The first strides are longer, so that the search takes few runs. */
const stride = 4;
const farthest = 40;

export interface Limit<Figures> {
  readonly rate: number;
  readonly figures: Figures;
}

/**
 * Searches for the highest rate that `passes`, from `start` up or down: in strides until one passes and one does not, then halving.
 * `passes` gives the figures of a rate that is borne, and undefined for one that is not. Undefined when even the lowest is not.
 */
export async function highestRate<Figures>(
  start: number,
  passes: (rate: number) => Promise<Figures | undefined>,
): Promise<Limit<Figures> | undefined> {
  let best: Limit<Figures> | undefined;
  const borne = async (at: number): Promise<boolean> => {
    const rate = Math.round(start * step ** at);
    const figures = await passes(rate);
    if (figures === undefined) return false;
    best = { rate, figures };
    return true;
  };
  let high = 0;
  let low = -stride;
  if (await borne(0)) {
    low = 0;
    for (high = stride; high <= farthest && (await borne(high)); high += stride) low = high;
  } else {
    for (; low >= -farthest && !(await borne(low)); low -= stride) high = low;
  }
  while (best && high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await borne(middle)) low = middle;
    else high = middle;
  }
  return best;
}
