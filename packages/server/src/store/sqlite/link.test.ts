/** What becomes of a call whose worker says nothing, or dies. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type StoreCode, StoreError } from '../store.ts';
import { Link, type LinkSinks } from './link.ts';

interface Calls {
  answer: { input: number; output: number };
  silence: { input: null; output: null };
  die: { input: null; output: null };
}

const program = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ call, name, input }) => {
    if (name === 'answer') parentPort.postMessage({ call, value: input + 1 });
    if (name === 'die') throw new Error('out of order');
  });
`;

const failsWith =
  (code: StoreCode, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof StoreError && error.code === code && text.test(error.message);

describe('sqlite: a call to a worker', () => {
  function start(): { link: Link<Calls>; fatal: string[] } {
    const fatal: string[] = [];
    const sinks: LinkSinks = { onFatal: (text) => fatal.push(text), onNote: () => undefined, onPair: () => undefined };
    return { link: new Link<Calls>(new Worker(program, { eval: true }), sinks), fatal };
  }

  it('is answered', async () => {
    const { link, fatal } = start();
    assert.equal(await link.call('answer', 1, { lost: 'unknown', deadline: 10_000 }), 2);
    await link.terminate();
    assert.deepEqual(fatal, []);
    await assert.rejects(link.call('answer', 1, { lost: 'unknown' }), failsWith('unavailable', /has stopped/));
  });

  it('ends at its deadline, as what it may have been; the worker goes on', async () => {
    const { link, fatal } = start();
    await assert.rejects(link.call('silence', null, { lost: 'unknown', deadline: 1 }), failsWith('unknown', /within 1 ms/));
    await assert.rejects(link.call('silence', null, { lost: 'unavailable', deadline: 1 }), failsWith('unavailable', /within 1 ms/));
    assert.equal(await link.call('answer', 5, { lost: 'unknown' }), 6);
    assert.deepEqual(fatal, []);
    await link.terminate();
  });

  it('whose worker dies ends at once; it is fatal, and told once', async () => {
    const { link, fatal } = start();
    const waiting = assert.rejects(link.call('silence', null, { lost: 'unavailable' }), failsWith('unavailable', /out of order/));
    await assert.rejects(link.call('die', null, { lost: 'unknown' }), failsWith('unknown', /out of order/));
    await waiting;
    await assert.rejects(link.call('answer', 1, { lost: 'unknown' }), failsWith('unavailable', /has stopped/));
    await link.terminate();
    assert.deepEqual(fatal, ['a worker of the store is gone: out of order']);
  });
});
