import { type Pair, type Store, StoreError } from '../store.ts';
import type { MemoryData } from './data.ts';
import { queryFacts } from './facts.ts';

/** A handle of a database in memory: what a node has. Several handles of one `data` are several nodes of one cluster. */
export function openMemory(data: MemoryData): Store {
  /** The newest pair that this handle was answered. */
  let seen: Pair = data.pair;
  let closed = false;

  /** Compares what the handle has seen with what is there; throws before anything is done. */
  const meet = (writing: boolean): void => {
    if (closed) throw new StoreError('unavailable', 'the store is closed');
    const { epoch, mark } = data.pair;
    if (earlier(mark, seen.mark)) throw new StoreError('rolled_back', 'what was acknowledged is gone');
    if (writing && epoch !== seen.epoch) {
      seen = { epoch, mark };
      throw new StoreError('new_epoch', 'the history is another one');
    }
  };
  const answer = <Body extends object>(body: Body): Body & Pair => {
    seen = data.pair;
    return { ...body, ...seen };
  };

  return {
    cluster: data.cluster,
    powers: {
      renewable: {
        renew: async (from) => {
          if (closed) throw new StoreError('unavailable', 'the store is closed');
          // Put back to an epoch before `from`, the store is at one that has ended: it is not a newer one that somebody else has begun.
          if (data.epoch === from || earlier(data.pair.mark, seen.mark)) data.renew(generation(seen.mark));
          return answer({});
        },
        heard: (pair) => {
          if (pair.epoch === seen.epoch && earlier(seen.mark, pair.mark)) seen = pair;
        },
      },
      checkable: {
        check: async (report) => {
          meet(false);
          const read = { channels: 0, events: 0, facts: 0 };
          for (const log of data.channels.values()) {
            const { events, facts } = log.check(report);
            read.channels += 1;
            read.events += events;
            read.facts += facts;
          }
          return read;
        },
      },
    },
    append: async (items) => {
      meet(true);
      return answer({ outcomes: data.append(items) });
    },
    read: async (channel, range, limit) => {
      meet(false);
      const log = data.log(channel);
      return answer({ ...log.standing, ...log.read(range, limit) });
    },
    heads: async (channels) => {
      meet(false);
      return answer({ heads: channels.map((channel) => data.log(channel).standing) });
    },
    moved: async (since, limit) => {
      meet(false);
      return answer(data.moved(since, limit));
    },
    facts: async (query, limit, from) => {
      meet(false);
      return answer(queryFacts(data.channels, query, limit, from));
    },
    trim: async (channel, first) => {
      meet(true);
      data.trim(channel, first);
      return answer({});
    },
    close: async () => {
      closed = true;
    },
  };
}

function generation(mark: string): number {
  return Number(mark.split('.')[0]);
}

/** Whether the first mark is below the second: by history, then by commits. */
function earlier(mark: string, than: string): boolean {
  const difference = generation(mark) - generation(than);
  return difference < 0 || (difference === 0 && Number(mark.split('.')[1]) < Number(than.split('.')[1]));
}
