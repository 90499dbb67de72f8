/** What is done to the folder of a server while none runs on it. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Refusal } from '@hubbub/protocol/codes';
import { guestToken, type TokenTimes } from '../auth/guest.ts';
import { dataFolder, StartError } from '../config.ts';
import { trimBelow } from '../core/commands/trim.ts';
import { filesOf } from '../store/sqlite/files.ts';
import { openSqlite } from '../store/sqlite/open.ts';
import { restoreSqlite } from '../store/sqlite/restore.ts';
import { type Checked, type LongWork, type Store, StoreError } from '../store/store.ts';
import { keysOf } from './keys.ts';
import { ServerRecord } from './record.ts';
import { startError } from './start-error.ts';

/** What is done to a folder on which no server runs; `note` gets what an operator should read. */
export interface FolderWork extends LongWork {
  readonly note: (text: string) => void;
}

/** Reads the whole log of the folder `data`, on which no server runs; `report` gets each problem. Throws StartError. */
export function checkStore(
  data: string,
  report: (problem: string) => void,
  { note, ...work }: FolderWork,
): Promise<Checked & { readonly problems: number }> {
  return withStore(data, note, async ({ powers }) => {
    if (!powers.checkable) throw new StartError('this store cannot be checked');
    let problems = 0;
    try {
      const read = await powers.checkable.check((problem) => {
        problems += 1;
        report(problem);
      }, work);
      return { ...read, problems };
    } catch (error) {
      // Pages that cannot be read at all end the reading, and what was counted by then is no count.
      throw error instanceof StoreError ? new StartError(`the rest of the store cannot be read: ${error.message}`) : error;
    }
  });
}

/**
 * Copies the store of the folder `data`, on which no server runs, to `file`. Answers where the copy is and how many bytes it has. Throws
 * StartError, also when there is a `file` already: it may be the only other copy.
 */
export function backupStore(data: string, file: string, { note, ...work }: FolderWork): Promise<{ path: string; bytes: number }> {
  const path = resolve(file);
  return withStore(data, note, async ({ powers }) => {
    if (!powers.backup) throw new StartError('this store cannot be backed up from here');
    const { bytes } = await powers.backup.backup(path, work);
    return { path, bytes };
  });
}

/** Drops the events of a channel below the position `before`, in the folder `data`, on which no server runs. Answers the first that is kept. Throws StartError. */
export function trimStore(data: string, channel: string, before: string, { note }: FolderWork): Promise<{ first: number }> {
  return withStore(data, note, (store) => trimBelow((call) => call(store), channel, before));
}

/** Begins a new history of the folder `data`, on which no server runs, and answers its name. Throws StartError. */
export function renewStore(data: string, { note }: FolderWork): Promise<{ epoch: string }> {
  return withStore(data, note, async (store) => {
    if (!store.powers.renewable) throw new StartError('this store cannot begin a new history');
    const { epoch: from } = await store.heads([]);
    const { epoch } = await store.powers.renewable.renew(from);
    return { epoch };
  });
}

/** Puts the backup `file` in the place of the store of the folder `data`; the next server there begins a new history. Throws StartError. */
export function restoreStore(data: string, file: string): void {
  try {
    restoreSqlite(dataFolder(data), file);
  } catch (error) {
    throw startError(error);
  }
}

/** Opening takes the folder's lock, so it is refused while a server runs, and none starts meanwhile. */
async function withStore<Result>(data: string, note: (text: string) => void, work: (store: Store) => Promise<Result>): Promise<Result> {
  try {
    const { main } = filesOf(resolve(dataFolder(data)));
    // Opening would make one, and a mistyped folder would be found in order.
    if (!existsSync(main)) throw new StartError(`${main} is not there: --data names the folder of a server`);
    const store = await openSqlite(data, { onNote: note, onFatal: ({ message }) => note(message) });
    try {
      // The folder is ours, so whoever wrote this has gone; left there, he would be named as the one who holds it.
      new ServerRecord(join(data, 'server.json')).remove();
      return await work(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    throw error instanceof StoreError || error instanceof Refusal ? new StartError(error.message) : startError(error);
  }
}

/** Makes the token of a user, with the key of the folder `data`, on which no server runs. Throws StartError. */
export function makeToken(data: string, user: string, times: TokenTimes, { note }: Pick<FolderWork, 'note'>): Promise<string> {
  return withStore(data, note, async (store) => guestToken(user, await keysOf(store, { data }), times));
}
