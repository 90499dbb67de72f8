import type { Moved, Store } from '../../store.ts';
import { room, turns } from '../items.contract.ts';
import { type Broken, broken, type Change } from './broken.fixture.ts';

const changedLooks =
  (change: (moved: Moved) => Moved): Change =>
  (store) => ({ moved: async (since, limit) => change(await store.moved(since, limit)) });

/** The memory's since: a number, a space, the epoch. */
const seqOf = (since: string): number => Number(since.split(' ')[0]);

async function newest(store: Store): Promise<string> {
  return (await store.moved(undefined, 1)).until;
}

export const brokenLooks: readonly Broken[] = [
  broken(
    ['S70'],
    'names a channel once for each append',
    changedLooks((moved) => ({ ...moved, heads: moved.heads.flatMap((head) => [head, head]) })),
  ),
  broken(
    ['S70'],
    'tells a head that is one behind',
    changedLooks((moved) => ({ ...moved, heads: moved.heads.map((head) => ({ ...head, head: head.head - 1 })) })),
  ),
  broken(
    ['S70', 'S73', 'S77'],
    'keeps concerns to itself',
    changedLooks((moved) => ({ ...moved, concerns: [] })),
  ),
  broken(
    ['S73', 'S77'],
    'tells concerns from the newest on',
    changedLooks((moved) => ({ ...moved, concerns: moved.concerns.toReversed() })),
  ),
  broken(['S71'], 'tells everything to whoever says no since', (store, data) => ({
    moved: (since, limit) => store.moved(since ?? `0 ${data.epoch}`, limit),
  })),
  broken(['S24', 'S72'], 'tells of what came to nothing', (store) => {
    let nothing = 0;
    return {
      append: async (items) => {
        const answer = await store.append(items);
        if (answer.outcomes.some(({ status }) => status !== 'committed')) nothing += 1;
        return answer;
      },
      moved: async (since, limit) => {
        const moved = await store.moved(since, limit);
        return nothing > 0 ? { ...moved, heads: [...moved.heads, { channel: room, head: 1, n: 1 }] } : moved;
      },
    };
  }),
  broken(
    ['S73'],
    'never says more',
    changedLooks((moved) => ({ ...moved, more: false })),
  ),
  broken(
    ['S73', 'S77'],
    'always says more',
    changedLooks((moved) => ({ ...moved, more: true })),
  ),
  broken(['S73'], 'skips what finds no room', (store) => ({
    moved: async (since, limit) => {
      const moved = await store.moved(since, limit);
      return moved.more ? { ...moved, more: false, until: await newest(store) } : moved;
    },
  })),
  broken(
    ['S74', 'S75', 'S76'],
    'takes what it does not know for nothing new',
    changedLooks((moved) => ({ ...moved, purged: false })),
  ),
  broken(['S76'], 'goes on counting in another epoch', (store, data) => ({
    moved: (since, limit) => store.moved(since && `${since.split(' ')[0]} ${data.epoch}`, limit),
  })),
  broken(['S71', 'S77'], 'names an until that is one beyond the newest', (store, data) => ({
    moved: async (since, limit) => {
      const last = await newest(store);
      const until = `${seqOf(last) + 1} ${data.epoch}`;
      if (since === undefined) return { ...(await store.moved(last, limit)), until };
      // Beyond the newest it waits there.
      if (seqOf(since) > seqOf(last)) return { ...(await store.moved(last, limit)), until: since };
      const moved = await store.moved(since, limit);
      return moved.more ? moved : { ...moved, until };
    },
  })),
  broken(['S77'], 'reads until after the rows', (store) => ({
    moved: async (since, limit) => {
      const moved = await store.moved(since, limit);
      await turns(1);
      return moved.more || since === undefined ? moved : { ...moved, until: await newest(store) };
    },
  })),
];
