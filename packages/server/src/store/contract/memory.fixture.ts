/** Databases in memory for the contract: all that a rule can need. */
import { createMemoryData, type MemoryData } from '../memory/data.ts';
import { openMemory } from '../memory/memory.ts';
import type { Store } from '../store.ts';
import { dice } from './items.contract.ts';
import type { Factory } from './rule.contract.ts';

/** Rows of `moved` that are kept once time has gone by. */
const keptWhenOld = 4;

/** Opens a handle; another one than `openMemory` breaks what it gives. */
export type OpenHandle = (data: MemoryData) => Store;

export function memoryFactory(openHandle: OpenHandle = openMemory): Factory {
  return {
    lacks: {},
    open: async () => {
      const roll = dice(1);
      const options = { now: () => 1_764_000_000_000, random: () => roll(2 ** 30) / 2 ** 30, movesKept: Number.POSITIVE_INFINITY };
      const data = createMemoryData(options);
      const handles: Store[] = [];
      const open = (): Store => {
        const handle = openHandle(data);
        handles.push(handle);
        return handle;
      };
      const close = async (): Promise<void> => {
        await Promise.all(handles.splice(0).map((handle) => handle.close()));
      };
      return {
        store: open(),
        close,
        another: async () => open(),
        reopen: async () => {
          await close();
          return open();
        },
        snapshot: async () => {
          const snapshot = data.snapshot();
          return async () => data.restore(snapshot);
        },
        age: async () => {
          options.movesKept = keptWhenOld;
        },
        poison: (item) => ({ ...item, ts: Number.NaN }),
        later: (mark) => {
          const [generation, commits] = mark.split('.');
          return `${generation}.${Number(commits) + 7}`;
        },
      };
    },
  };
}
