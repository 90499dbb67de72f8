import { openMemory } from '../../memory/memory.ts';
import { StoreError } from '../../store.ts';
import { turn } from '../items.contract.ts';
import { type Broken, broken } from './broken.fixture.ts';

export const brokenEnds: readonly Broken[] = [
  broken(['S100', 'S102'], 'goes on when it is closed', () => ({ close: async () => undefined })),
  broken(['S100'], 'goes on looking when it is closed', (store, data) => ({
    moved: async (since, limit) => {
      const { epoch, mark } = data.pair;
      return store.moved(since, limit).catch(() => ({ epoch, mark, ...data.moved(since, limit) }));
    },
  })),
  broken(['S100'], 'throws when it is closed twice', (store) => {
    let closed = 0;
    return {
      close: async () => {
        closed += 1;
        // The third is the rule's own end.
        if (closed === 2 || closed === 3) throw new StoreError('unavailable', 'the store is closed');
        return store.close();
      },
    };
  }),
  broken(['S101'], 'drops what is not done yet when it closes', (store) => ({
    append: async (items) => {
      await turn();
      return store.append(items);
    },
  })),
  {
    breaks: ['S101', 'S102'],
    that: 'begins anew when it is opened again',
    open: (data) => {
      data.restore(undefined);
      return openMemory(data);
    },
  },
  {
    breaks: ['S102'],
    that: 'has a new history with each opening',
    open: (data) => {
      data.renew(0);
      return openMemory(data);
    },
  },
  broken(['S102'], 'has a new id with each opening', (_, data) => ({ cluster: `${data.cluster}${data.commits}` })),
  broken(['S103'], 'finds fault with what is whole', ({ powers }) => ({
    powers: {
      ...powers,
      checkable: {
        check: async (report) => {
          report('room:a: something');
          return (await powers.checkable?.check(report)) ?? { channels: 0, events: 0, facts: 0 };
        },
      },
    },
  })),
  broken(['S103'], 'checks without reading', ({ powers }) => ({
    powers: { ...powers, checkable: { check: async () => ({ channels: 0, events: 0, facts: 0 }) } },
  })),
];
