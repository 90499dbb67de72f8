/** Hubbub on somebody else's server, from the side of the program that has attached it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { uuidv7 } from '@hubbub/protocol/id';
import { WebSocket } from 'ws';
import { waitFor } from './gateway/links.fixture.ts';
import { attach, createMemoryData, type HubbubServer, openMemory, Refusal, type Store } from './library.ts';

const now = Date.now;
const random = Math.random;

describe('library', () => {
  let host: Server;
  let store: Store;
  let hubbub: HubbubServer;

  beforeEach(async () => {
    host = createServer((_, response) => response.setHeader('connection', 'close').end('theirs')).listen(0, '127.0.0.1');
    await once(host, 'listening');
    store = openMemory(createMemoryData({ now, random }));
    hubbub = await attach(host, {
      store,
      identity: {
        identify: async (shown) =>
          shown.map((one) => ('token' in one ? { who: { user: one.token, rights: [] } } : { refused: 'unauthorized', text: 'no guests' })),
      },
      authority: {
        mayRead: async (questions) => questions.map(() => 'ok'),
        admit: async ({ user }) => (user === 'ann' ? { ok: true, counts: true } : { ok: false, code: 'forbidden', text: 'ann alone' }),
        mine: ({ user }) => `mine:${user}`,
        listed: 'public',
      },
    });
  });

  afterEach(async () => {
    await hubbub.close();
    await store.close();
    host.close();
    await once(host, 'close');
  });

  const at = (): string => `127.0.0.1:${(host.address() as AddressInfo).port}`;

  async function dial(): Promise<WebSocket> {
    const client = new WebSocket(`ws://${at()}/v1/ws`);
    await once(client, 'open');
    return client;
  }

  /** What comes next, once this has been said. */
  async function ask(client: WebSocket, frame: object): Promise<Record<string, unknown>> {
    client.send(JSON.stringify(frame));
    const [data] = (await once(client, 'message')) as [Buffer];
    return JSON.parse(data.toString());
  }

  /** The host answers there, as it answers everything: with an ordinary page. */
  async function turnedAway(path: string, status = 200): Promise<void> {
    const client = new WebSocket(`ws://${at()}${path}`);
    const [error] = (await once(client, 'error')) as [Error];
    assert.equal(error.message, `Unexpected server response: ${status}`);
  }

  it('sends as the one whose token is shown, and says where it is in the log', async () => {
    const first = await hubbub.send('ann', 'place:a', { kind: 'note', body: 1 });
    const second = await hubbub.send('ann', 'place:a', { kind: 'note', body: 2 });
    assert.deepEqual([first.offset, second.offset, second.n], [1, 2, 2]);
    const { epoch, entries } = await store.read('place:a', { after: 0 }, 10);
    assert.equal(first.epoch, epoch);
    assert.deepEqual(
      entries.map(({ header, body }) => [header.from, header.kind, body]),
      [
        ['ann', 'note', '1'],
        ['ann', 'note', '2'],
      ],
    );
  });

  it('I6 sends once what is sent again with its id', async () => {
    const draft = { id: uuidv7({ now, random }), kind: 'note', body: 1 };
    const { duplicate, ...first } = await hubbub.send('ann', 'place:a', draft);
    assert.equal(duplicate, undefined);
    assert.deepEqual(await hubbub.send('ann', 'place:a', draft), { ...first, duplicate: true });
  });

  it('throws why an event was refused, whoever refuses it', async () => {
    const code = (token: string, channel: string, kind: string): Promise<unknown> =>
      hubbub.send(token, channel, { kind, body: 1 }).then(
        () => 'sent',
        (error) => error instanceof Refusal && error.code,
      );
    assert.equal(await code('ben', 'place:a', 'note'), 'forbidden');
    assert.equal(await code('ann', 'nowhere', 'note'), 'bad_channel');
    assert.equal(await code('ann', 'place:a', 'No Kind'), 'bad_kind');
  });

  it('leaves the rest of the server as it was', async () => {
    await turnedAway('/elsewhere');
    assert.equal(await (await fetch(`http://${at()}`)).text(), 'theirs');
  });

  it('ends its links when it is closed, and leaves server and store to their owner', async () => {
    const client = await dial();
    assert.equal(hubbub.status().links, 1);
    const closed = once(client, 'close');
    await hubbub.close();
    assert.equal((await closed)[0], 1001);
    await turnedAway('/v1/ws');
    assert.equal((await store.heads(['place:a'])).heads[0]?.head, 0);
    await assert.rejects(hubbub.send('ann', 'place:a', { kind: 'note', body: 1 }), { code: 'closing' });
  });

  it('lets nobody in while it gives its last answers', async () => {
    const { promise: synced, resolve: sync } = Promise.withResolvers<void>();
    const { append } = store;
    Object.assign(store, { append: (items: Parameters<Store['append']>[0]) => synced.then(() => append(items)) });
    const sent = hubbub.send('ann', 'place:a', { kind: 'note', body: 1 });
    await waitFor('the append', () => hubbub.status().queued > 0);
    const closed = hubbub.close();
    await turnedAway('/v1/ws');
    sync();
    assert.equal((await sent).offset, 1);
    await closed;
  });

  it('lets links move over to another node first, where there is one', async () => {
    const client = await dial();
    const hello = { req: 1, cmd: 'hello', protocol: 1, session: uuidv7({ now, random }) };
    assert.equal((await ask(client, { ...hello, token: 'ann' }))['user'], 'ann');
    const closed = hubbub.close(600_000);
    // Before it has a link, so that a balancer brings it to another node.
    await turnedAway('/v1/ws', 503);
    assert.equal(hubbub.status().draining, true);
    client.terminate();
    await closed;
    await turnedAway('/v1/ws');
  });
});
