/**
 * I7 on three nodes: somebody on node B, who ignores every close and goes on reading, sending and knocking, loses his right, by a revocation
 * on node A or because his token ends, while B is cut off from what would tell it. From a second later on nothing is given to him, nothing
 * is taken from him, and no door is open to him; while others talk, ten times a second.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@hubbub/rig/servers/until';
import { Dice, randomStream } from '@hubbub/sim/random';
import { Cluster, lacking, type Setting } from '../packages/cli/src/prove/cluster.ts';
import { Condemned } from './condemned.ts';
import { Talker } from './talker.ts';

const setting: Setting = { store: 'postgres', broker: 'redis', nodes: 3 };
const channel = 'room:general';
const [a, b, c] = [0, 1, 2];
/** The promise, and what is asserted of real processes. */
const promised = 1_000;
const bound = 3 * promised;
const tokenLasts = 6;
/** So long the fault goes on after the right has ended, and so long he is watched after all is well again. */
const faultMs = 5_000;
const watchedMs = 3_000;
/** A fault is there before what B should hear of. */
const ahead = 500;

interface Fault {
  readonly name: string;
  begin(cluster: Cluster): void | Promise<void>;
  end(cluster: Cluster): void;
  /** At the moment of the revocation, and not ahead of it. */
  readonly atOnce?: true;
}

const lost = { up: 'lose', down: 'lose' } as const;
const well = { up: 'pass', down: 'pass' } as const;
const faults: readonly Fault[] = [
  { name: 'nothing is wrong', begin: () => {}, end: () => {} },
  {
    name: 'B is cut off from the broker',
    begin: ({ brokerWays }) => brokerWays[b]?.set(lost),
    end: ({ brokerWays }) => brokerWays[b]?.set(well),
  },
  {
    name: 'B is cut off from the store',
    begin: ({ storeWays }) => storeWays[b]?.set(lost),
    end: ({ storeWays }) => storeWays[b]?.set(well),
  },
  { name: 'B is stopped', begin: ({ nodes }) => nodes[b]?.pause(true), end: ({ nodes }) => nodes[b]?.pause(false) },
  {
    name: 'the broker loses half of what it sends to B',
    begin: ({ brokerLosses }) => {
      const dice = new Dice(randomStream(7, 'lost envelopes'));
      brokerLosses[b]?.begin(() => dice.chance(0.5));
    },
    end: ({ brokerLosses }) => {
      const { came, lost } = brokerLosses[b]?.end() ?? assert.fail('nothing can be lost');
      assert.ok(lost > 0 && lost < came, `${lost} of ${came} lost`);
    },
  },
  { name: 'the broker is started again, empty', begin: ({ broker }) => broker?.empty(), end: () => {}, atOnce: true },
];

describe('I7 on three nodes', { skip: lacking(setting) ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-revocation-'));
  let undo: AsyncDisposableStack;
  let cluster: Cluster;
  let talkers: Talker[];

  const node = (at: number) => cluster.nodes[at] ?? assert.fail(`no node ${at}`);

  async function asked<Reply>(at: number, path: string, body?: object): Promise<Reply> {
    const answer = await node(at).ask(path, body);
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return (await answer.json()) as Reply;
  }

  /** All that is in the log after a position, as an administrator reads it. */
  async function logAfter(position: string): Promise<readonly { from: string; ts: number }[]> {
    const found: { offset: number; from: string; ts: number }[] = [];
    const epoch = position.split('~')[1];
    for (let after = position; ; ) {
      const { events } = await asked<{ events: typeof found }>(a, `/v1/channels/${channel}/events?after=${after}`);
      const last = events.at(-1);
      if (!last) return found;
      found.push(...events);
      after = `${last.offset}~${epoch}`;
    }
  }

  before(async () => {
    undo = new AsyncDisposableStack();
    undo.defer(() => rmSync(folder, { recursive: true, force: true }));
    cluster = undo.use(await Cluster.open(setting, folder));
    talkers = [a, c].map((at) => undo.use(new Talker(node(at).url, channel, { name: `talker ${at}` })));
    await until('all are live', () => talkers.every(({ live }) => live));
    for (const talker of talkers) talker.begin(200);
  });
  after(() => undo.disposeAsync());

  for (const [number, fault] of faults.entries()) {
    it(`${fault.name}: nothing is given, nothing is taken, nothing opens`, async (t) => {
      const ports = cluster.nodes.map(({ port }) => port);
      const { head, epoch } = await asked<{ head: number; epoch: string }>(a, `/v1/channels/${channel}/events?limit=1`);
      const guest = await asked<{ user: string; token: string }>(b, '/v1/session', { name: `guest ${number}` });
      const other = await asked<{ user: string; token: string }>(b, '/v1/session', { name: `other ${number}` });
      const user = `ends.${number}`;
      const mintedAt = performance.now();
      const brief = await asked<{ token: string }>(a, '/v1/tokens', { user, expiresIn: tokenLasts });
      using revoked = await Condemned.open(guest, channel, ports, b);
      using expired = await Condemned.open({ user, token: brief.token }, channel, ports, b);
      // Nothing befalls him: what the others lose is to be had.
      using innocent = await Condemned.open(other, channel, ports, b);
      const three = [revoked, expired, innocent];
      await until('all of it flows', () => three.every((one) => one.flows(0) && ports.every((_, at) => one.opened(at))), 4_000);
      const ends = mintedAt + tokenLasts * 1_000;
      await until('the token is about to end', () => performance.now() > ends - ahead);
      const failing = fault.atOnce ? undefined : fault.begin(cluster);
      await until('the token ends', () => performance.now() > ends);
      const revokedAt = performance.now();
      const [answer] = await Promise.all([
        node(a).ask('/v1/revocations', { user: guest.user }),
        failing,
        fault.atOnce && fault.begin(cluster),
      ]);
      assert.equal(answer.status, 200, await answer.text());
      await pause(faultMs);
      fault.end(cluster);
      const healedAt = performance.now();
      await until('B is well again', () => innocent.flows(healedAt), 30_000);
      await pause(watchedMs);
      for (const one of three) await one.stop();

      const log = await logAfter(`${head}~${epoch}`);
      const calendar = Date.now() - performance.now();
      for (const [one, endedAt, how] of [
        [revoked, revokedAt, 'revoked'],
        [expired, ends, 'expired'],
      ] as const) {
        const accepted = log.filter(({ from }) => from === one.user).map(({ ts }) => ts - calendar - endedAt);
        const given = one.link.arrived.filter(({ text }) => text.includes('"events":[{')).map(({ at }) => at - endedAt);
        const opened = one.tries.filter(({ outcome }) => outcome === 'open').map(({ at }) => at - endedAt);
        const [took, gave, open] = [accepted, given, opened].map((times) => Math.round(Math.max(...times))) as [number, number, number];
        const closed = one.link.closedAt === undefined ? 'never' : `${Math.round(one.link.closedAt - endedAt)} ms`;
        t.diagnostic(
          `${how}: the last event given ${gave} ms after, the last taken ${took} ms, the last door open ${open} ms, closed ${closed}; ${one.link.wroteAfterClose} frames written behind the close`,
        );
        assert.ok(accepted.length > 5 && given.length > 5 && opened.length > 5, 'he had it all');
        assert.ok(gave <= bound, `${how}: an event was given ${gave} ms after`);
        assert.ok(took <= bound, `${how}: an event was taken ${took} ms after`);
        assert.ok(open <= bound, `${how}: a door was open ${open} ms after`);
        // One that cannot tell at the moment puts him off; in the end each says no.
        const putOff = new Set(one.tries.filter(({ at }) => at > endedAt + bound).map(({ outcome }) => outcome));
        putOff.delete('refused');
        if (putOff.size > 0) t.diagnostic(`${how}: ${[...putOff].join('; ')}`);
        for (const at of [a, c]) assert.ok(one.refused(at, endedAt + bound), `${how}: on node ${at}`);
        for (const at of [a, b, c]) assert.ok(one.refused(at, healedAt + promised), `${how}: on node ${at}, after all was well`);
      }
      assert.ok(log.some(({ from, ts }) => from === innocent.user && ts - calendar > healedAt));
      const again = await asked<{ token: string }>(c, '/v1/tokens', { user: guest.user });
      using back = await Condemned.open({ user: guest.user, token: again.token }, channel, ports, b);
      await until('a newer token lets him in', () => back.flows(0));
      await back.stop();
    });
  }

  it('the others have talked all the time', async (t) => {
    await Promise.all(talkers.map((talker) => talker.end()));
    assert.deepEqual(
      talkers.flatMap(({ failed, resets }) => [...failed, ...resets]),
      [],
    );
    t.diagnostic(`${talkers.map(({ acked }) => acked.size).join(' and ')} sends of the others`);
    assert.ok(talkers.every(({ acked }) => acked.size > 5 * faults.length * 5));
  });
});
