/**
 * A process of its own for the tests of the embedded store: opens the folder, appends one event at a time and prints each
 * acknowledgement. It never closes: it is there to be killed.
 */
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type * as Open from '@hubbub/server/store/sqlite/open';

const [folder = '', senders = '1', module = import.meta.resolve('@hubbub/server/store/sqlite/open')] = process.argv.slice(2);
const { openSqlite } = (await import(module.startsWith('file:') ? module : pathToFileURL(module).href)) as typeof Open;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const store = await openSqlite(folder, {
  onNote: (text) => say(`note ${text}`),
  onFatal: (error) => say(`fatal ${error.message}`),
}).catch((error: unknown) => {
  say(`refused ${error instanceof Error && 'code' in error ? error.code : ''} ${error instanceof Error ? error.message : error}`);
  process.exit(3);
});
say(`open ${(await store.heads([])).epoch} ${process.pid}`);

async function sender(number: number): Promise<void> {
  for (;;) {
    const id = randomUUID();
    const channel = `room:kill${number}`;
    const body = JSON.stringify({ text: id });
    const { outcomes } = await store.append([{ channel, id, from: 'alice', kind: 'message', body, counts: true }]);
    const outcome = outcomes[0];
    if (outcome?.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
    say(`ack ${channel} ${outcome.offset} ${id}`);
  }
}

await Promise.all(Array.from({ length: Number(senders) }, (_, number) => sender(number))).catch((error: unknown) => {
  say(`failed ${error instanceof Error ? error.message : error}`);
  process.exit(4);
});
