/** What an operator does to a whole cluster while people talk, and a node that stops answering without ending: behind HAProxy, as it is shipped. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { absent } from '@hubbub/rig/servers/present';
import { until } from '@hubbub/rig/servers/until';
import { Cluster, figuresOf, haproxyBefore } from './cluster-rig.ts';
import { heardAll, nothingLost, Talker } from './talker.ts';

const drainSeconds = 4;
/** The aim; what is asserted is three times as long. */
const aimMs = 1_000;
/** A check a second, three that fail, each after a second, the last two sooner; then a back-off. */
const cutOffMs = 5_500;

describe('a cluster behind haproxy, while people talk', { skip: absent('postgres', 'haproxy') }, () => {
  it('a rolling restart: no send fails, each event is in the log once, and nobody is without a link for long', async (test) => {
    await using cluster = await Cluster.start('--drain', String(drainSeconds));
    await using balancer = await haproxyBefore(cluster);
    const up = (at: number): Promise<void> => until(`node ${at} is up`, async () => (await figuresOf(balancer))[at]?.status === 'UP');
    await Promise.all([0, 1, 2].map(up));
    using crew = new DisposableStack();
    const talkers = Array.from({ length: 12 }, (_, at) => crew.use(new Talker(balancer.url, 'room:general', { name: `talker ${at}` })));
    await until('all are live', () => talkers.every(({ live }) => live));
    for (const talker of talkers) talker.begin(100);
    const moved: number[] = [];
    for (const at of [0, 1, 2]) {
      moved.push((await cluster.links())[at] ?? 0);
      assert.deepEqual(await cluster.node(at).process.kill('SIGTERM'), { code: 0, signal: null });
      await cluster.begin(at);
      await up(at);
    }
    await heardAll(talkers);
    const { acked, events } = nothingLost(talkers);
    // The room's beginning is one that nobody of them sent.
    assert.equal(events, acked + 1, 'what was sent is there, and nothing else');
    const gaps = talkers.map(({ longestGap }) => Math.round(longestGap));
    const sends = talkers.map(({ longestSend }) => Math.round(longestSend));
    test.diagnostic(`${acked} sends; moved off each node: ${moved.join(', ')}`);
    test.diagnostic(`each client's longest time without a link, ms: ${gaps.join(' ')}; its longest send: ${sends.join(' ')}`);
    assert.ok(
      moved.every((links) => links > 0),
      'each restart moved somebody',
    );
    assert.ok(Math.max(...gaps) <= 3 * aimMs, gaps.join());
    assert.ok(Math.max(...sends) <= 3 * aimMs, sends.join());
  });

  it('a node that is stopped: its clients are cut off by the balancer, long before they would notice, and go on elsewhere', async (test) => {
    await using cluster = await Cluster.start('--drain', String(drainSeconds));
    await using balancer = await haproxyBefore(cluster);
    await until('all are up', async () => (await figuresOf(balancer)).every(({ status }) => status === 'UP'));
    using crew = new DisposableStack();
    const talkers = Array.from({ length: 9 }, (_, at) => crew.use(new Talker(balancer.url, 'room:general', { name: `talker ${at}` })));
    await until('all are live', () => talkers.every(({ live }) => live));
    for (const talker of talkers) talker.begin(100);
    const { process } = cluster.node(0);
    process.signal('SIGSTOP');
    try {
      await until('it is seen', async () => (await figuresOf(balancer))[0]?.status === 'DOWN', 30_000);
      assert.equal((await figuresOf(balancer))[0]?.links, 0, 'nobody is left there');
      await until('all are live', () => talkers.every(({ live }) => live));
    } finally {
      process.signal('SIGCONT');
    }
    await until('it is back', async () => (await figuresOf(balancer))[0]?.status === 'UP');
    await heardAll(talkers);
    const { acked } = nothingLost(talkers);
    const longest = Math.round(Math.max(...talkers.map(({ longestSend }) => longestSend)));
    test.diagnostic(`${acked} sends; the longest, over the node that was stopped: ${longest} ms`);
    assert.ok(longest > 1_000, 'somebody was there');
    assert.ok(longest <= 3 * cutOffMs, `${longest} ms`);
  });
});
