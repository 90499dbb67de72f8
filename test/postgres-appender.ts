/**
 * A node's appends without the node: `URL SCHEMA ORDER`, the order as JSON. Prints `ready`, begins when it is told to by SIGUSR2, prints
 * a line for each batch that was acknowledged (milliseconds since the epoch, and what became of its items: `STATUS:OFFSET:NUMBER`), and
 * `done`.
 */
import { once } from 'node:events';
import { openPostgres } from '@hubbub/server/store/postgres/open';
import type { Item } from '@hubbub/server/store/store';

export interface Order {
  readonly from: string;
  /** It appends to `room:0` … in turn: an item goes to the channel of its number modulo this. */
  readonly channels: number;
  /** Instead of `room`. */
  readonly prefix?: string;
  readonly batches: number;
  readonly batchItems: number;
  /** Ids are made of this and the item's number: two orders with the same one send the same ids. */
  readonly ids: string;
}

const [url = '', schema = '', text = '{}'] = process.argv.slice(2);
const order = JSON.parse(text) as Order;
const store = await openPostgres({ url, schema, settleMs: 0 });
const begin = once(process, 'SIGUSR2');
process.stdout.write('ready\n');
await begin;

let number = 0;
function nextItem(): Item {
  number += 1;
  const id = `00000000-0000-7000-8000-${order.ids}${number.toString(16).padStart(12 - order.ids.length, '0')}`;
  return {
    channel: `${order.prefix ?? 'room'}:${number % order.channels}`,
    id,
    from: order.from,
    kind: 'say',
    body: `"${number}"`,
    counts: true,
  };
}

for (let batch = 0; batch < order.batches; batch++) {
  let waiting: Item[] = Array.from({ length: order.batchItems }, nextItem);
  // As a lane does: what was passed by goes again, the third time it waits.
  for (let pass = 0; waiting.length > 0; pass++) {
    const { outcomes } = await store.append(waiting, pass < 2);
    const said = outcomes.flatMap((outcome, at) => {
      if (outcome.status === 'passed') return [];
      return `${outcome.status}:${'offset' in outcome ? outcome.offset : ''}:${JSON.parse(waiting[at]?.body ?? '')}`;
    });
    process.stdout.write(`${Date.now()} ${said.join()}\n`);
    waiting = waiting.filter((_, at) => outcomes[at]?.status === 'passed');
  }
}
process.stdout.write('done\n');
await store.close();
