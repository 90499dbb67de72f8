/** Hubbub inside programs of somebody's own: the examples of docs/, each in a process of its own, and the public SDK. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { type Client, connect, type Event, type SubscriptionState } from '@hubbub/client';
import { Process } from '@hubbub/rig/process';

const fastify = resolve(import.meta.dirname, '../docs/examples/fastify.ts');
const express = resolve(import.meta.dirname, '../docs/examples/express.ts');

const ready = / at (http:\S+)\n/;

/** An example that runs, and the people who talk to it. */
class Example implements AsyncDisposable {
  readonly process: Process;
  readonly url: string;
  readonly #undo: AsyncDisposableStack;

  private constructor(process: Process, undo: AsyncDisposableStack) {
    this.process = process;
    this.url = process.match(ready)[1] ?? '';
    this.#undo = undo;
  }

  static async start(program: string): Promise<Example> {
    await using undo = new AsyncDisposableStack();
    const DATA = mkdtempSync(join(tmpdir(), 'hubbub-embed-'));
    undo.defer(() => rmSync(DATA, { recursive: true, force: true }));
    const started = await Process.start({ command: process.execPath, args: [program], env: { PORT: '0', DATA }, ready });
    undo.use(started);
    return new Example(started, undo.move());
  }

  client(token: string): Client {
    return this.#undo.adopt(connect({ url: this.url, credentials: { token } }), (client) => client.close());
  }

  post(path: string, token?: string, body: unknown = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return fetch(this.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Ends as an operator would end it, with links open. */
  async ends(): Promise<void> {
    assert.deepEqual(await this.process.kill('SIGTERM'), { code: 0, signal: null });
    assert.equal(this.process.stderr, '');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#undo.disposeAsync();
  }
}

/** Subscribes, and resolves as soon as it is let in or not; `next` with the next event from then on. */
async function subscribe(client: Client, channel: string) {
  const settled = Promise.withResolvers<SubscriptionState>();
  const arrived: Event[] = [];
  let waiting: PromiseWithResolvers<void> | undefined;
  client.subscribe(channel, {
    onEvents: (events) => {
      arrived.push(...events);
      waiting?.resolve();
    },
    onState: (state) => {
      if (state.state === 'live' || state.state === 'gone') settled.resolve(state);
    },
  });
  const state = await settled.promise;
  const next = async (): Promise<Pick<Event, 'from' | 'kind' | 'body'>> => {
    if (arrived.length === 0) {
      waiting = Promise.withResolvers();
      await waiting.promise;
    }
    const { from, kind, body } = arrived.shift()!;
    return { from, kind, body };
  };
  return { state, next };
}

function refusedSignIn(client: Client): Promise<string> {
  return new Promise((done) => client.onStatus((status) => status.state === 'refused' && done(status.code)));
}

describe('embedded', () => {
  it('in a Fastify app: its customers watch their own orders, and it alone writes there', async () => {
    await using shop = await Example.start(fastify);
    const alice = shop.client('token-of-alice');
    const orders = await subscribe(alice, 'order:1');
    assert.equal(alice.user, 'alice');
    const shipped = await shop.post('/orders/1/ship');
    assert.equal(((await shipped.json()) as { offset: number }).offset, 1);
    assert.deepEqual(await orders.next(), { from: 'shop', kind: 'shipped', body: { by: 'bicycle' } });

    const inbox = Promise.withResolvers<readonly string[]>();
    alice.inbox({ onChange: ({ channels }) => channels.size > 0 && inbox.resolve([...channels.keys()]) });
    assert.deepEqual(await inbox.promise, ['order:1']);

    const bob = shop.client('token-of-bob');
    assert.deepEqual((await subscribe(bob, 'order:1')).state, { state: 'gone', code: 'forbidden' });
    await assert.rejects(alice.send('order:1', { kind: 'shipped', body: {} }), { code: 'forbidden' });
    assert.equal(await refusedSignIn(shop.client('token-of-nobody')), 'unauthorized');

    assert.equal(await (await fetch(shop.url)).text(), 'a shop');
    await shop.ends();
  });

  it('in an Express app: its readers talk, by what each of them may write, over a link or through its routes', async () => {
    await using paper = await Example.start(express);
    const bob = paper.client('token-of-bob');
    const article = await subscribe(bob, 'article:moon');
    await paper.client('token-of-alice').send('article:moon', { kind: 'comment', body: 'cheese?' });
    assert.deepEqual(await article.next(), { from: 'alice', kind: 'comment', body: 'cheese?' });
    await assert.rejects(bob.send('article:moon', { kind: 'comment', body: 'no' }), { code: 'forbidden' });

    assert.equal((await paper.post('/articles/moon/corrections', 'token-of-eve', { text: 'rock' })).status, 200);
    assert.deepEqual(await article.next(), { from: 'eve', kind: 'correction', body: { text: 'rock' } });
    const refused = await paper.post('/articles/moon/corrections', 'token-of-alice', { text: 'cheese' });
    assert.equal(refused.status, 403);
    assert.equal(((await refused.json()) as { code: string }).code, 'forbidden');
    assert.equal((await paper.post('/articles/moon/corrections')).status, 401);
    assert.deepEqual((await subscribe(bob, 'room:general')).state, { state: 'gone', code: 'forbidden' });
    assert.equal(await refusedSignIn(paper.client('token-of-nobody')), 'unauthorized');

    assert.equal(await (await fetch(paper.url)).text(), 'a newspaper');
    await paper.ends();
  });
});
