import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { givenKey, type Keys, openKeys } from '../auth/keys.ts';
import type { Store } from '../store/store.ts';

/** Before keys were facts of the store, the one there was lay in this file of the data folder. */
const formerName = 'secret';

/** What guests' tokens are signed with: the given secret, or what the store keeps. Throws StoreError. */
export async function keysOf(
  store: Store,
  { data, secret }: { readonly data: string; readonly secret?: string | undefined },
): Promise<Keys> {
  if (secret !== undefined) return givenKey(secret);
  const path = join(data, formerName);
  const former = existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  const keys = await openKeys({ store, now: Date.now, random: Math.random, ...(former ? { former } : {}) });
  // It is in the log: nobody needs a second copy that may be read.
  if (former !== undefined) rmSync(path);
  return keys;
}
