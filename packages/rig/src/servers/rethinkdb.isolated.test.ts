import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ask } from './ask.ts';
import { livesAsPromised } from './life.contract.ts';
import { absent } from './present.ts';
import { greet, startRethinkdb } from './rethinkdb.ts';

/** Protocol 0.4, which needs no conversation before the first query: its magic number, no key, JSON. */
const hello = Buffer.from([0x20, 0x2d, 0x0c, 0x40, 0, 0, 0, 0, 0xc7, 0x70, 0x69, 0x7e]);
const [tableCreate, tableList] = [60, 62];

/** What RethinkDB answers to a query, as text. */
async function query(port: number, term: unknown): Promise<string> {
  const text = Buffer.from(JSON.stringify([1, term, {}]));
  // A number for the answer, then the length.
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, text.length, 0, 0, 0]);
  const reply = await ask(port, Buffer.concat([hello, head, text]), (bytes) => bytes.includes('"t":') && bytes.at(-1) === 0x7d, 10_000);
  return String(reply);
}

describe('rethinkdb', { skip: absent('rethinkdb') }, () => {
  livesAsPromised(startRethinkdb, {
    ping: greet,
    async write(port) {
      assert.match(await query(port, [tableCreate, ['greetings']]), /"tables_created":1/);
    },
    async written(port) {
      const answer = await query(port, [tableList, []]);
      assert.match(answer, /"t":1,/);
      return answer.includes('"greetings"');
    },
  });
});
