/**
 * The example of the study that Hubbub comes from: people draw together, each on another server. What one draws is saved to the database
 * and published; the other servers are notified, fetch it and emit it to their clients. With parcels, as usual, the news bring the stroke
 * along, and nobody has to fetch; without them this is the pure form. Both are shown, step by step.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Client, connect, type Event } from '@hubbub/client';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import { startRedis } from '@hubbub/rig/servers/redis';
import type { RealServer } from '@hubbub/rig/servers/server';
import { type Authority, attach, type Identity, type OpenBroker, openPostgres, redisBroker, type Store } from '@hubbub/server';
import { isNote } from '@hubbub/server/broker/envelope';

const board = 'board:sketch';
const names = ['A', 'B', 'C'];
const strokes = 50;

interface Step {
  readonly node: string;
  readonly what: 'save' | 'publish' | 'notify' | 'fetch' | 'emit';
  readonly at: number;
}

/** Everybody may draw. */
const authority: Authority = {
  mayRead: async (questions) => questions.map(() => 'ok'),
  admit: async () => ({ ok: true, counts: false }),
  mine: () => 'member',
  listed: 'public',
};
const identity: Identity = {
  identify: async (shown) => shown.map((one) => ({ who: { user: 'token' in one ? one.token : one.name, rights: [] } })),
};

/** Three servers and what each of them does with the board, step by step. */
class Studio implements AsyncDisposable {
  readonly steps: Step[] = [];
  readonly clients: Client[] = [];
  readonly drawn: Event[][] = names.map(() => []);
  readonly #undo = new AsyncDisposableStack();

  static async open(url: string, broker: string, parcels: boolean): Promise<Studio> {
    const studio = new Studio();
    for (const node of names) await studio.#start(node, url, redisBroker({ url: broker, prefix: `study${parcels}` }), parcels);
    return studio;
  }

  async #start(node: string, url: string, broker: OpenBroker, parcels: boolean): Promise<void> {
    const note = (what: Step['what']): void => void this.steps.push({ node, what, at: performance.now() });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#undo.defer(() => void server.close());
    // What goes out of the process.
    server.on('upgrade', (_, socket) => {
      const { write } = socket as Socket;
      socket.write = function (this: Socket, ...given: Parameters<Socket['write']>) {
        if (Buffer.isBuffer(given[0]) && given[0].includes('"push":"events"')) note('emit');
        return Reflect.apply(write, this, given) as boolean;
      } as Socket['write'];
    });
    const store = await openPostgres({ url, schema: parcels ? 'parcels' : 'bells', settleMs: 0 });
    this.#undo.defer(() => store.close());
    const attached = await attach(server, { store: watched(store, note), broker: heard(broker, note), authority, identity, parcels });
    this.#undo.defer(() => attached.close());
    const client = connect({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { token: `painter-${node}` },
    });
    this.#undo.defer(() => client.close());
    const drawn = this.drawn[this.clients.length] ?? [];
    const live = Promise.withResolvers<void>();
    client.subscribe(board, {
      position: '0',
      onEvents: (events) => drawn.push(...events),
      onState: ({ state }) => {
        if (state === 'live') live.resolve();
      },
    });
    await live.promise;
    this.clients.push(client);
  }

  /** Draws on one server, and waits until it is to be seen on all. */
  async draw(at: number, points: readonly number[]): Promise<void> {
    const before = this.drawn.map(({ length }) => length);
    await this.clients[at]?.send(board, { kind: 'stroke', body: { points } });
    while (this.drawn.some(({ length }, which) => length <= (before[which] ?? 0))) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

function watched(store: Store, note: (what: Step['what']) => void): Store {
  return {
    cluster: store.cluster,
    powers: store.powers,
    append: async (...given) => {
      const answer = await store.append(...given);
      note('save');
      return answer;
    },
    read: async (channel, range, limit) => {
      const page = await store.read(channel, range, limit);
      if (channel === board) note('fetch');
      return page;
    },
    heads: (channels) => store.heads(channels),
    moved: (since, limit) => store.moved(since, limit),
    facts: (...given) => store.facts(...given),
    trim: (channel, first) => store.trim(channel, first),
    close: () => store.close(),
  };
}

/** Of the drawing: who is there is told on the same channel. */
function isBell(channel: string, envelope: string): boolean {
  return channel === board && !isNote(envelope);
}

function heard(open: OpenBroker, note: (what: Step['what']) => void): OpenBroker {
  return (sinks) => {
    const broker = open({
      onGap: (reason) => sinks.onGap(reason),
      onEnvelope: (channel, envelope) => {
        if (isBell(channel, envelope)) note('notify');
        sinks.onEnvelope(channel, envelope);
      },
    });
    const { publish } = broker;
    broker.publish = (channel, envelope) => {
      if (isBell(channel, envelope)) note('publish');
      publish.call(broker, channel, envelope);
    };
    return broker;
  };
}

describe('three servers, one drawing', { skip: absent('postgres', 'redis') }, () => {
  let database: RealServer;
  let broker: RealServer;
  before(async () => {
    [database, broker] = await Promise.all([startPostgres(), startRedis()]);
  });
  after(async () => {
    await Promise.all([database, broker].map((server) => server[Symbol.asyncDispose]()));
  });

  for (const parcels of [false, true]) {
    it(`${parcels ? 'with parcels' : 'as the study has it'}: save, publish, notify, ${parcels ? '' : 'fetch, '}emit`, async (t) => {
      await using studio = await Studio.open(database.url, broker.url, parcels);
      // Connections have been made, plans too.
      for (const at of [0, 1, 2]) await studio.draw(at, [at, at]);
      studio.steps.length = 0;
      const start = performance.now();
      await studio.draw(0, [1, 2, 3, 4]);
      for (const { node, what, at } of studio.steps) t.diagnostic(`${(at - start).toFixed(1).padStart(5)} ms  ${node}  ${what}`);
      const did = (node: string): string[] => studio.steps.filter((step) => step.node === node).map(({ what }) => what);
      // The server that took it rings itself too: the broker makes no difference between its subscribers.
      assert.ok(['save', 'publish', 'emit'].every((what) => did('A').includes(what)));
      assert.equal(did('A').indexOf('save'), 0, 'nothing is told of before it is saved');
      for (const node of ['B', 'C']) assert.deepEqual(did(node), parcels ? ['notify', 'emit'] : ['notify', 'fetch', 'emit'], node);
      for (const drawn of studio.drawn) {
        assert.deepEqual(
          drawn.map(({ offset, id }) => [offset, id]),
          studio.drawn[0]?.map(({ offset, id }) => [offset, id]),
        );
        assert.deepEqual(drawn.at(-1)?.body, { points: [1, 2, 3, 4] });
      }
      // Strokes come one after the other: how long until the last of the others has it, and what it costs the store.
      studio.steps.length = 0;
      const times: number[] = [];
      for (let stroke = 0; stroke < strokes; stroke++) {
        const began = performance.now();
        await studio.draw(0, [stroke]);
        times.push(performance.now() - began);
      }
      const fetches = studio.steps.filter(({ what, node }) => what === 'fetch' && node !== 'A').length;
      t.diagnostic(
        `${strokes} strokes: seen by all after ${times.toSorted((a, b) => a - b)[strokes / 2]?.toFixed(1)} ms (p50), ${fetches} fetches`,
      );
      assert.equal(fetches, parcels ? 0 : 2 * strokes, 'each of the others fetches each, or none');
    });
  }
});
