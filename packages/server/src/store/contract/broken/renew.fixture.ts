import { openMemory } from '../../memory/memory.ts';
import { type Pair, type Store, StoreError } from '../../store.ts';
import { type Broken, broken } from './broken.fixture.ts';

/** A store that renews, or listens, another way. */
function renewing(store: Store, change: Partial<NonNullable<Store['powers']['renewable']>>): Pick<Store, 'powers'> {
  const { renewable } = store.powers;
  if (!renewable) throw new Error('the memory is renewable');
  return { powers: { ...store.powers, renewable: { ...renewable, ...change } } };
}

function renewed({ powers }: Store, from: string): Promise<Pair> {
  return powers.renewable?.renew(from) ?? Promise.reject(new Error('the memory is renewable'));
}

function isError(error: unknown, code: string): boolean {
  return error instanceof StoreError && error.code === code;
}

export const brokenHistories: readonly Broken[] = [
  broken(['S80'], 'gives the same mark for ever', (store) => {
    const mark = '0.0';
    return {
      append: async (items) => ({ ...(await store.append(items)), mark }),
      read: async (...asked) => ({ ...(await store.read(...asked)), mark }),
      heads: async (channels) => ({ ...(await store.heads(channels)), mark }),
      moved: async (since, limit) => ({ ...(await store.moved(since, limit)), mark }),
      facts: async (...asked) => ({ ...(await store.facts(...asked)), mark }),
      trim: async (channel, first) => ({ ...(await store.trim(channel, first)), mark }),
      ...renewing(store, { renew: async (from) => ({ ...(await renewed(store, from)), mark }) }),
    };
  }),
  broken(['S80'], 'answers a look with the pair of the look before', (store) => {
    let last: { epoch: string; mark: string } | undefined;
    return {
      moved: async (since, limit) => {
        const moved = await store.moved(since, limit);
        const { epoch, mark } = last ?? moved;
        last = { epoch: moved.epoch, mark: moved.mark };
        return { ...moved, epoch, mark };
      },
    };
  }),
  broken(['S80'], 'does not count a trim', (store) => ({
    trim: async (channel, first) => {
      const { heads: _, ...pair } = await store.heads([]);
      await store.trim(channel, first);
      return pair;
    },
  })),
  broken(['S80', 'S95'], 'takes any mark for a later one', (store) =>
    renewing(store, { heard: ({ epoch }) => store.powers.renewable?.heard({ epoch, mark: '9.9999' }) }),
  ),
  broken(['S81', 'S83', 'S93'], 'renews as often as it is asked', (store, data) =>
    renewing(store, { renew: () => renewed(store, data.epoch) }),
  ),
  broken(['S80', 'S81', 'S83', 'S92', 'S93', 'S94'], 'does not renew', (store) =>
    renewing(store, { renew: async (epoch) => ({ epoch, mark: (await store.heads([]).catch(() => ({ mark: '0.0' }))).mark }) }),
  ),
  broken(['S82'], 'commits some appends under the epoch that has ended', (store, data) => {
    const { epoch } = data;
    let calls = 0;
    return {
      append: async (items) => {
        calls += 1;
        const answer = await store.append(items);
        return calls % 2 === 0 ? { ...answer, epoch } : answer;
      },
    };
  }),
  broken(['S82'], 'writes what it refuses', (store) => {
    let calls = 0;
    return {
      append: async (items) => {
        calls += 1;
        const answer = await store.append(items);
        if (calls % 7 === 6) throw new StoreError('new_epoch', 'the history is another one');
        return answer;
      },
    };
  }),
  broken(['S84', 'S93'], 'goes on silently in a history that somebody else has begun', (store) => ({
    append: (items) =>
      store.append(items).catch((error: unknown) => {
        if (!isError(error, 'new_epoch')) throw error;
        return store.append(items);
      }),
  })),
  broken(['S84'], 'writes before it compares', (store, data) => ({
    append: (items) =>
      store.append(items).catch((error: unknown) => {
        if (isError(error, 'new_epoch')) data.append(items);
        throw error;
      }),
  })),
  broken(['S84'], 'refuses for ever once it has refused', (store) => {
    let refused: unknown;
    return {
      append: (items) => {
        if (refused instanceof StoreError) return Promise.reject(refused);
        return store.append(items).catch((error: unknown) => {
          if (isError(error, 'new_epoch')) refused = error;
          throw error;
        });
      },
    };
  }),
  broken(['S84'], 'reads under the epoch that it was opened in', (store, data) => {
    const { epoch } = data;
    return { read: async (...asked) => ({ ...(await store.read(...asked)), epoch }) };
  }),
  broken(['S90', 'S91', 'S92'], 'does not remember what it has seen', (_, data) => ({
    append: (items) => openMemory(data).append(items),
    read: (...asked) => openMemory(data).read(...asked),
    heads: (channels) => openMemory(data).heads(channels),
    moved: (since, limit) => openMemory(data).moved(since, limit),
    facts: (...asked) => openMemory(data).facts(...asked),
    trim: (channel, first) => openMemory(data).trim(channel, first),
  })),
  broken(['S90'], 'notices a rollback only when it writes', (store, data) => ({
    facts: (...asked) => openMemory(data).facts(...asked),
    heads: (channels) => store.heads(channels).catch(() => openMemory(data).heads(channels)),
  })),
  broken(['S90'], 'notices a rollback when it has written', (store, data) => ({
    append: (items) =>
      store.append(items).catch((error: unknown) => {
        if (isError(error, 'rolled_back')) data.append(items);
        throw error;
      }),
  })),
  broken(['S91'], 'remembers only what it has appended itself', (_, data) => ({
    read: (...asked) => openMemory(data).read(...asked),
    moved: (since, limit) => openMemory(data).moved(since, limit),
  })),
  broken(['S92'], 'takes an epoch that came back for a new one', (store, data) => {
    let known = data.epoch;
    return {
      heads: async (channels) => {
        const heads = await store.heads(channels);
        known = heads.epoch;
        return heads;
      },
      append: async (items) => {
        const handle = data.epoch === known ? store : openMemory(data);
        const answer = await handle.append(items).catch((error: unknown) => {
          if (isError(error, 'rolled_back')) throw new StoreError('new_epoch', 'the history is another one');
          throw error;
        });
        known = answer.epoch;
        return answer;
      },
    };
  }),
  broken(['S94'], 'does not listen', (store) => renewing(store, { heard: () => undefined })),
  broken(['S95'], 'takes the mark of any epoch for one of its own', (store, data) =>
    renewing(store, { heard: ({ mark }) => store.powers.renewable?.heard({ epoch: data.epoch, mark }) }),
  ),
];
