import { randomBytes } from 'node:crypto';
import { uuidv7 } from '@hubbub/protocol/id';
import type { Store } from '../store/store.ts';

/** What tokens are signed with, and the name that a token calls it by. */
export interface Key {
  readonly kid: string;
  readonly secret: Uint8Array;
}

export interface Keys {
  /** What new tokens are signed with. */
  readonly newest: Key;
  /** The key of that name; of a token without one: the first that there was. */
  find(kid: string | undefined): Promise<Key | undefined>;
}

export interface KeysParts {
  readonly store: Pick<Store, 'append' | 'facts'>;
  readonly now: () => number;
  readonly random: () => number;
  /** A secret from before keys were facts: it becomes the first, so that its tokens live on. */
  readonly former?: string | undefined;
}

/** A channel that nobody reads but nodes; the dot keeps its facts from leaving the server in any other way. */
const channel = 'sys:keys';
const prefix = '.guest:';
const first = '1';
/** A name that we do not know may be of a key that another node has made: looked for at most so often, in milliseconds. */
const lookEvery = 1_000;

/** The keys that all nodes of a store share. The first start makes the first one; of several nodes that try, one does. Throws StoreError. */
export async function openKeys({ store, now, random, former }: KeysParts): Promise<Keys> {
  let keys = await read(store);
  if (keys.size === 0) {
    const secret = former ?? randomBytes(32).toString('base64url');
    const fact = { key: prefix + first, value: JSON.stringify({ secret }) };
    const requires = [{ key: fact.key, value: null }];
    const event = { channel, id: uuidv7({ now, random }), from: 'hubbub', kind: 'key', body: 'null', counts: false };
    // Whoever was faster has made it: then this one is rejected, and that one is read.
    await store.append([{ ...event, facts: [fact], requires }]);
    keys = await read(store);
  }
  const newest = [...keys.values()].at(-1);
  if (!newest) throw new Error('no key to sign tokens with');
  let lookedAt = now();
  return {
    newest,
    find: async (kid = first) => {
      if (!keys.has(kid) && now() - lookedAt >= lookEvery) {
        lookedAt = now();
        keys = await read(store);
      }
      return keys.get(kid);
    },
  };
}

/** One secret that is given from outside, the same on every node. */
export function givenKey(secret: string): Keys {
  const newest: Key = { kid: 'given', secret: new TextEncoder().encode(secret) };
  return { newest, find: async (kid = newest.kid) => (kid === newest.kid ? newest : undefined) };
}

async function read(store: Pick<Store, 'facts'>): Promise<Map<string, Key>> {
  const { facts } = await store.facts({ channel, prefix }, 100);
  const keys = new Map<string, Key>();
  for (const { key, value } of facts) {
    if (value === null) continue;
    const kid = key.slice(prefix.length);
    keys.set(kid, { kid, secret: new TextEncoder().encode((JSON.parse(value) as { secret: string }).secret) });
  }
  return keys;
}
