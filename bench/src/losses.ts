/**
 * What was lost, came twice or came in another order, counted from what clients have said and heard, of systems with a log and without.
 * Nothing here asks for an offset: the order in a room is that of its log, or the one that most have seen.
 */

/** What one client said and was given. */
export interface Witness {
  readonly said: readonly { readonly room: string; readonly id: string; readonly acked: boolean }[];
  /** By room, for those that it is in from the first word to the last: all that it was given, as it came. `at`: one clock, milliseconds. */
  readonly heard: Readonly<Record<string, readonly Heard[]>>;
}

export interface Heard {
  readonly id: string;
  readonly at: number;
}

export interface Losses {
  readonly acked: number;
  /** Said, and never acknowledged: who said it knows that, so it is no loss. */
  readonly unanswered: number;
  /** Of what was acknowledged in a room, times those who are in it: what was given at least once, and what was never. */
  readonly delivered: number;
  readonly lost: number;
  /** Given again to one who had it. */
  readonly duplicated: number;
  /** Of what each client was given, the fewest that would have to be moved so that all had heard it in the one order. */
  readonly reordered: number;
}

/** Counts. `orders`: of a room with a log, the ids in its order. Who heard nothing of a room that it is in has an empty list there. */
export function countLosses(witnesses: readonly Witness[], orders: Readonly<Record<string, readonly string[]>> = {}): Losses {
  const said = witnesses.flatMap((witness) => witness.said);
  const acked = Map.groupBy(
    said.filter((one) => one.acked),
    ({ room }) => room,
  );
  const count = { delivered: 0, lost: 0, duplicated: 0, reordered: 0 };
  for (const room of new Set(witnesses.flatMap(({ heard }) => Object.keys(heard)))) {
    const lists = witnesses.flatMap(({ heard }) => (heard[room] ? [heard[room]] : []));
    const firsts = lists.map(firstOfEach);
    const order = new Map((orders[room] ?? commonOrder(firsts)).map((id, at) => [id, at]));
    for (const [at, first] of firsts.entries()) {
      count.duplicated += (lists[at]?.length ?? 0) - first.size;
      const places = [...first.keys()].flatMap((id) => order.get(id) ?? []);
      count.reordered += places.length - longestRise(places);
      for (const { id } of acked.get(room) ?? []) count[first.has(id) ? 'delivered' : 'lost'] += 1;
    }
  }
  const answered = said.filter((one) => one.acked).length;
  return { acked: answered, unanswered: said.length - answered, ...count };
}

/** When it had each for the first time, in that order. */
function firstOfEach(list: readonly Heard[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { id, at } of list) if (!first.has(id)) first.set(id, at);
  return first;
}

/** By when the middle one of those who were given it had it: what most have seen first comes first. */
function commonOrder(firsts: readonly ReadonlyMap<string, number>[]): string[] {
  const times = Map.groupBy(
    firsts.flatMap((first) => [...first]),
    ([id]) => id,
  );
  const middle = (all: readonly (readonly [string, number])[]): number => {
    const sorted = all.map(([, at]) => at).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  };
  return [...times]
    .map(([id, all]) => ({ id, at: middle(all) }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id);
}

/** How many of these numbers, none of which is there twice, stand in rising order at most, some left out (patience sorting). */
export function longestRise(numbers: readonly number[]): number {
  // At `length - 1`: the lowest that a rise of that length ends with so far.
  const ends: number[] = [];
  for (const number of numbers) {
    let low = 0;
    for (let high = ends.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    ends[low] = number;
  }
  return ends.length;
}
