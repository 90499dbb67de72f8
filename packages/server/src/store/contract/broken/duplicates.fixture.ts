import type { Item, Outcome, Store } from '../../store.ts';
import { turn } from '../items.contract.ts';
import { type Broken, broken, changedItems, changedOutcomes, oneByOne, otherId, rejected } from './broken.fixture.ts';

const nameOf = ({ channel, from, id }: Item): string => `${channel} ${from} ${id}`;

/** Over all handles: the log below must not know any of it. */
let made = 0;

/** Looks ids up in a list of its own, beside the log. */
function ownList(store: Store, known: Map<string, Outcome>, pause: () => Promise<void>): Pick<Store, 'append'> {
  return {
    append: (items) =>
      oneByOne(store, items, async (item) => {
        const old = known.get(nameOf(item));
        if (old) return old;
        await pause();
        made += 1;
        const [outcome] = (await store.append([{ ...item, id: otherId(made) }])).outcomes;
        if (outcome?.status === 'committed') known.set(nameOf(item), { ...outcome, status: 'duplicate' });
        return outcome ?? item;
      }),
  };
}

export const brokenDuplicates: readonly Broken[] = [
  broken(
    ['S10'],
    'does not look for an id in the batch itself',
    changedItems((item, at, items) => (items.findIndex(({ id }) => id === item.id) === at ? item : { ...item, id: otherId(at) })),
  ),
  broken(['S11'], 'knows only the ids of the same batch', (store) => {
    let batch = 0;
    return {
      append: (items) => {
        batch += 1;
        return store.append(items.map((item) => ({ ...item, from: `${item.from}${batch}` })));
      },
    };
  }),
  broken(
    ['S11', 'S53'],
    'answers a duplicate with the time of its retry',
    changedOutcomes((outcome) => (outcome.status === 'duplicate' ? { ...outcome, ts: outcome.ts + 1 } : outcome)),
  ),
  broken(['S12', 'S13'], 'looks an id up some time before it writes', (store) => ownList(store, new Map(), turn)),
  broken(['S13'], 'knows only the ids of its own handle', (store) => ownList(store, new Map(), async () => undefined)),
  broken(
    ['S14', 'S53'],
    'takes any body for a duplicate',
    changedOutcomes((outcome) =>
      outcome.status === 'rejected' && outcome.code === 'id_conflict' ? { status: 'duplicate', offset: 1, n: 1, ts: 5 } : outcome,
    ),
  ),
  broken(
    ['S14'],
    'compares bodies and not kinds',
    changedItems((item) => ({ ...item, kind: 'message' })),
  ),
  broken(['S15', 'S53'], 'remembers what was emptied', (store) => {
    const first = new Map<string, Item>();
    return {
      append: async (items) => {
        const { outcomes, ...pair } = await store.append(items);
        const compared = items.map((item, at): Outcome => {
          const outcome = outcomes[at] ?? { status: 'absent' };
          if (outcome.status === 'committed') first.set(nameOf(item), item);
          const old = first.get(nameOf(item));
          return old && (old.body !== item.body || old.kind !== item.kind) ? rejected('id_conflict') : outcome;
        });
        return { ...pair, outcomes: compared };
      },
    };
  }),
  broken(
    ['S16'],
    'has one id for all senders of a channel',
    changedItems((item) => ({ ...item, from: 'alice' })),
  ),
  broken(['S16'], 'has one id for all channels', (store) => {
    const known = new Map<string, Outcome>();
    return {
      append: (items) =>
        oneByOne(store, items, async (item) => {
          const old = known.get(`${item.from} ${item.id}`);
          if (old) return old;
          const [outcome] = (await store.append([item])).outcomes;
          if (outcome?.status === 'committed') known.set(`${item.from} ${item.id}`, { ...outcome, status: 'duplicate' });
          return outcome ?? item;
        }),
    };
  }),
  broken(
    ['S18'],
    'writes what it is only asked',
    changedItems((item) => ({ ...item, probe: false })),
  ),
  broken(['S18'], 'reserves the id of a probe', (store) => {
    const asked = new Set<string>();
    return {
      append: (items) =>
        oneByOne(store, items, async (item) => {
          if (asked.has(nameOf(item))) return { status: 'duplicate', offset: 1, n: 1, ts: 0 };
          if (item.probe) asked.add(nameOf(item));
          return item;
        }),
    };
  }),
];
