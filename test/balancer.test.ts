/** A cluster behind a balancer, with the configurations that are shipped: who gets a link where, and what becomes of it when its node goes. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { until } from '@hubbub/rig/servers/until';
import { Cluster, figuresOf, haproxyBefore, nginxBefore } from './cluster-rig.ts';
import { RawLink } from './raw-link.ts';
import { heardAll, nothingLost, Talker } from './talker.ts';

const drainSeconds = 4;

/** A balancer, and what it shows of each node: of nginx, which shows nothing, what the nodes count. */
interface Balancer {
  readonly server: RealServer;
  links(): Promise<number[]>;
  /** Whether it gives links to all nodes, each its full share; of nginx: whether it gives them to one that has the fewest. */
  settled(at?: number): Promise<boolean>;
  /** Where it asks nodes how they are: that it has seen a node go. */
  misses?(at: number): Promise<void>;
  /** Where it gives a node that comes back less than its share: that it does, though this one has the fewest. */
  slowstart?(at: number, enter: () => Promise<RawLink[]>): Promise<void>;
}

async function haproxy(cluster: Cluster): Promise<Balancer> {
  const server = await haproxyBefore(cluster, { HUBBUB_SLOWSTART: '3s' });
  const is = (at: number, status: string): Promise<void> =>
    until(`node ${at} is ${status}`, async () => (await figuresOf(server))[at]?.status === status);
  return {
    server,
    links: async () => (await figuresOf(server)).map(({ links }) => links),
    settled: async () => (await figuresOf(server)).every(({ status, weight }) => status === 'UP' && weight === 100),
    misses: (at) => is(at, 'DOWN'),
    async slowstart(at, enter) {
      await is(at, 'UP');
      const entered = await enter();
      const given = (await figuresOf(server))[at]?.links ?? Number.NaN;
      assert.ok(given > 0 && given < entered.length / 2, `${given} of ${entered.length}`);
    },
  };
}

async function nginx(cluster: Cluster): Promise<Balancer> {
  const server = await nginxBefore(cluster);
  return {
    server,
    links: () => cluster.links(),
    async settled(at) {
      const reached = await reachedBy(server.url, at === undefined ? 3 : 1);
      return at === undefined ? reached.size === 3 : reached.has(await nodeAt(cluster.node(at).url));
    },
  };
}

const balancers = { haproxy, nginx };

for (const name of ['haproxy', 'nginx'] as const) {
  describe(`behind ${name}`, { skip: absent('postgres', name) }, () => {
    let cluster: Cluster;
    let balancer: Balancer;
    let url: string;
    const open: RawLink[] = [];

    before(async () => {
      cluster = await Cluster.start('--drain', String(drainSeconds));
      balancer = await balancers[name](cluster);
      url = balancer.server.url;
      await settled();
    });
    after(async () => {
      for (const link of open) link[Symbol.dispose]();
      await balancer?.server[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    const settled = (at?: number): Promise<void> => until('each node gets its share', () => balancer.settled(at), 30_000);

    /** Links that are signed in and do nothing. */
    async function enter(count: number): Promise<RawLink[]> {
      const links = await Promise.all(Array.from({ length: count }, (_, at) => RawLink.open(url, { name: `guest ${at}` })));
      open.push(...links);
      return links;
    }

    async function leave(): Promise<void> {
      for (const link of open.splice(0)) link[Symbol.dispose]();
      await until('all have left', async () => (await cluster.links()).every((links) => links === 0));
    }

    const spread = (counts: readonly number[], all: number): boolean =>
      counts.length === 3 && counts.every((count) => Math.abs(count - all / 3) <= 0.2 * (all / 3));

    it('each node gets its share of the links, within a fifth', async () => {
      await enter(300);
      const counts = await balancer.links();
      assert.ok(spread(counts, 300), counts.join());
      assert.deepEqual(await cluster.links(), counts, 'what it counts is what the nodes have');
      await leave();
    });

    it('a node that is killed: its links end at once, clients go on at another one, and nothing is lost or there twice', async () => {
      const links = await enter(30);
      const nodes = new Set(links.map(nodeOf));
      assert.equal(nodes.size, 3);
      const talkers = Array.from({ length: 9 }, (_, at) => new Talker(url, 'room:general', { name: `talker ${at}` }));
      try {
        await until('all are live', () => talkers.every(({ live }) => live));
        for (const talker of talkers) talker.begin(50);
        await until('all talk', () => talkers.every(({ acked }) => acked.size > 10));
        // The one that has these is the one that goes.
        const [first] = links;
        assert.ok(first);
        const theirs = links.filter((link) => nodeOf(link) === nodeOf(first));
        const at = await whereIs(nodeOf(first));
        const began = performance.now();
        const killed = cluster.node(at).process.kill();
        await Promise.all(theirs.map(({ closed }) => closed));
        const ended = performance.now() - began;
        await killed;
        await until('all are live again', () => talkers.every(({ live }) => live));
        const counts = await cluster.links();
        assert.ok(Number.isNaN(counts[at]), 'nobody answers there');
        const before = talkers.map(({ acked }) => acked.size);
        await until('all go on', () => talkers.every(({ acked }, nth) => acked.size > (before[nth] ?? 0) + 10));
        await heardAll(talkers);
        const { acked } = nothingLost(talkers);
        const gap = Math.max(...talkers.map(({ longestGap }) => longestGap));
        console.log(
          `# ${name}: SIGKILL: links ended after ${ended.toFixed(0)} ms, longest time without one ${gap.toFixed(0)} ms; ${acked} sends`,
        );
        assert.ok(gap > 0, 'somebody was there');
        assert.ok(ended < 1_000, `links ended after ${ended} ms`);
        // The first back-off is at most 0.4 s, the second 0.8 s.
        assert.ok(gap < 3_000, `longest time without a link ${gap} ms`);
        await cluster.begin(at);
        await settled(at);
      } finally {
        for (const talker of talkers) talker[Symbol.dispose]();
      }
      await leave();
    });

    it('a node that drains gets no new links, not even before it is noticed, its clients move before it ends, and none is without a link', async () => {
      const talkers = Array.from({ length: 9 }, (_, at) => new Talker(url, 'room:general', { name: `mover ${at}` }));
      try {
        await until('all are live', () => talkers.every(({ live }) => live));
        const at = 1;
        const { process, url: direct } = cluster.node(at);
        const [node] = await Promise.all([nodeAt(direct)]);
        for (const talker of talkers) talker.begin(50);
        process.signal('SIGTERM');
        await until('it says that it goes', async () => (await fetch(`${direct}/readyz`)).status === 503);
        // It has the fewest or as many as any: it would be the next one's turn.
        const links = await enter(30);
        assert.ok(
          links.every((link) => nodeOf(link) !== node),
          'none of them is there',
        );
        const { code } = await process.exited;
        assert.equal(code, 0);
        await heardAll(talkers);
        nothingLost(talkers);
        const gap = Math.max(...talkers.map(({ longestGap }) => longestGap));
        const send = Math.max(...talkers.map(({ longestSend }) => longestSend));
        console.log(`# ${name}: drain: longest time without a link ${gap.toFixed(0)} ms, longest send ${send.toFixed(0)} ms`);
        assert.equal(gap, 0, 'each had the next link before it let go of the former');
        await cluster.begin(at);
        await settled(at);
      } finally {
        for (const talker of talkers) talker[Symbol.dispose]();
      }
      await leave();
    });

    it('a node that comes back gets its share again', async () => {
      const at = 2;
      await cluster.node(at).process.kill();
      await enter(60);
      assert.deepEqual((await balancer.links()).toSpliced(at, 1), [30, 30]);
      await balancer.misses?.(at);
      await cluster.begin(at);
      await balancer.slowstart?.(at, () => enter(30));
      await settled(at);
      await enter(150 - open.length);
      const counts = await balancer.links();
      assert.ok(spread(counts, 150), counts.join());
      await leave();
    });

    it('takes clients for who they are: by their address, whatever they say of themselves', async () => {
      const pushy = new Agent({ keepAlive: true, maxSockets: 32, localAddress: '127.0.1.1' });
      const calm = new Agent({ keepAlive: true, localAddress: '127.0.1.2' });
      try {
        // More than three nodes take of one address, each time in somebody else's name.
        const all = Array.from({ length: 3_000 }, (_, nth) => status(pushy, { 'X-Forwarded-For': `192.0.2.${nth % 250}` }));
        const refused = (await Promise.all(all)).filter((code) => code === 429).length;
        assert.ok(refused > 500, `${refused} refused`);
        for (let nth = 0; nth < 6; nth++) assert.equal(await status(calm), 200);
        // On the node's own machine, but handed on: not for everybody.
        assert.equal(await status(calm, {}, '/v1/node'), 401);
      } finally {
        pushy.destroy();
        calm.destroy();
      }
    });

    it('lets in pages of the host that the client named, and no others', async () => {
      const page = async (origin: string, headers: Record<string, string> = {}): Promise<string> => {
        try {
          using link = await RawLink.open(url, { name: 'page' }, { origin, headers });
          return link.socket.protocol || 'in';
        } catch (error) {
          return /\d{3}$/.exec((error as Error).message)?.[0] ?? String(error);
        }
      };
      assert.equal(await page(url), 'in');
      assert.equal(await page('https://chat.example.org', { Host: 'chat.example.org' }), 'in');
      assert.equal(await page('https://elsewhere.example.org', { Host: 'chat.example.org' }), '403');
      assert.equal(await page('https://elsewhere.example.org', { 'X-Forwarded-Host': 'elsewhere.example.org' }), '403');
    });

    it('one sign-in is good for all nodes, also after all of them began anew with nothing', async () => {
      const answer = await fetch(`${cluster.node(0).url}/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"name":"Ann"}',
      });
      const { user, token } = (await answer.json()) as { user: string; token: string };
      const everywhere = async (): Promise<void> => {
        const links = await Promise.all(Array.from({ length: 12 }, () => RawLink.open(url, { token })));
        assert.equal(new Set(links.map(nodeOf)).size, 3);
        assert.ok(links.every(({ heard }) => heard[0]?.['user'] === user));
        for (const link of links) link[Symbol.dispose]();
      };
      await everywhere();
      await Promise.all(cluster.nodes.map(({ process }) => process.kill()));
      await Promise.all(cluster.nodes.map((_, at) => cluster.beginEmpty(at)));
      await settled();
      await everywhere();
    });

    /** Which node calls itself so. */
    async function whereIs(id: string): Promise<number> {
      const ids = await Promise.all(cluster.nodes.map(({ url: direct }) => nodeAt(direct)));
      return ids.indexOf(id);
    }

    function status(agent: Agent, headers: Record<string, string> = {}, path = '/healthz'): Promise<number> {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      request(url + path, { agent, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
      return promise;
    }
  });
}

let asked = 0;

/** The nodes that so many links in a row are brought to. Asked often, so each time from another address: one alone comes too fast. */
async function reachedBy(url: string, count: number): Promise<Set<string>> {
  asked += 1;
  const localAddress = `127.0.2.${1 + (asked % 250)}`;
  using links = new DisposableStack();
  const nodes = new Set<string>();
  for (let nth = 0; nth < count; nth++) nodes.add(nodeOf(links.use(await RawLink.open(url, { name: 'who' }, { localAddress }))));
  return nodes;
}

/** Who answered its hello. */
function nodeOf({ heard }: RawLink): string {
  return String(heard[0]?.['node']);
}

async function nodeAt(url: string): Promise<string> {
  using link = await RawLink.open(url, { name: 'who' });
  return nodeOf(link);
}
