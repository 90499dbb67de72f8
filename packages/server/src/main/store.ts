import type { Config } from '../config.ts';
import { openSqlite } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';

export interface StoreSinks {
  /** Nothing is answered any more: the process should say so and end. */
  readonly onFatal: (text: string) => void;
  readonly onNote: (text: string) => void;
}

/** Opens the store that is configured. The driver of a database is loaded only where one is. Throws what the store's opening throws. */
export async function openStore({ store }: Pick<Config, 'store'>, { onFatal, onNote }: StoreSinks): Promise<Store> {
  if (store.kind === 'sqlite') return openSqlite(store.folder, { onFatal: ({ message }) => onFatal(message), onNote });
  const { openPostgres } = await import('../store/postgres/open.ts');
  return openPostgres({ url: store.url, schema: store.schema, syncStandby: store.syncStandby, onNote });
}
