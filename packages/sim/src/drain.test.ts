import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, connect } from '@hubbub/client/client';
import { Cluster } from './cluster.ts';
import { dialer } from './link.ts';
import { Record } from './record.ts';
import { World } from './world.ts';

const people = ['ann', 'ben', 'cem', 'dua', 'eva', 'fay', 'gus', 'hal'];

/** Eight people on two nodes, of which one is drained with `ms` at 5 s; what each saw of the connection and of the talk. */
async function drained(seed: number, ms: number) {
  const world = new World(seed);
  const record = new Record();
  const cluster = new Cluster(world, record, {});
  for (let node = 0; node < 2; node++) cluster.start();
  const seen = new Map(people.map((name) => [name, { states: new Set<string>(), offsets: [] as number[] }]));
  const acks: number[] = [];
  const clients = people.map((name): Client => {
    const actor = world.actor(`user ${name}`);
    cluster.names(actor, name);
    const weather = () => ({ delay: () => actor.dice.delay(2, 30), bandwidth: 1_000 });
    const client = connect({
      url: 'sim://cluster',
      credentials: { name },
      env: actor.env(),
      dial: dialer(actor, () => cluster.door(actor), weather, cluster),
    });
    void client.send('room:a', { kind: 'join', body: {} });
    actor.after(400, () => {
      const onEvents = (events: readonly { offset: number }[]): void =>
        void seen.get(name)?.offsets.push(...events.map(({ offset }) => offset));
      client.subscribe('room:a', { position: '0', onEvents });
    });
    actor.after(2_000, () => client.onStatus(({ state }) => seen.get(name)?.states.add(state)));
    for (let at = 0; at < 100; at++)
      actor.after(
        2_000 + at * 100,
        () => void client.send('room:a', { kind: 'say', body: { at } }).then(({ offset }) => acks.push(offset)),
      );
    return client;
  });
  world.actor('operator').after(5_000, () => {
    const member = cluster.members[0];
    if (member) cluster.drain(member, ms);
  });
  await world.run(20_000);
  const { head } = cluster.data.log('room:a').standing;
  for (const client of clients) client.close();
  return { seen, acks, head, counts: world.counts, late: lateness(record) };
}

/** How long after its commit each event was written to each reader, at most. */
function lateness({ commits, written }: Record): number {
  const committedAt = new Map(commits.map(({ offset, at }) => [offset, at]));
  return Math.max(...written.filter(({ at }) => at > 3_000).map(({ offset, at }) => at - (committedAt.get(offset) ?? at)));
}

describe('drain', () => {
  it('P36 with time everybody moves over without a pause: nobody reconnects, nothing is lost or late', async () => {
    let moved = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const { seen, acks, head, counts, late } = await drained(seed, 4_000);
      assert.equal(acks.length, people.length * 100, `seed ${seed}: all is acknowledged`);
      for (const [name, { states, offsets }] of seen) {
        assert.deepEqual(
          offsets,
          Array.from({ length: head }, (_, at) => at + 1),
          `seed ${seed}: ${name} has all of it once, in order`,
        );
        for (const state of ['reconnecting', 'connecting', 'offline'] as const)
          assert.ok(!states.has(state), `seed ${seed}: ${name} was ${state}`);
      }
      assert.ok(late < 500, `seed ${seed}: ${late} ms`);
      moved += counts.get('moved_over') ?? 0;
      assert.equal(counts.get('reset'), undefined);
    }
    assert.ok(moved >= 20, `${moved} moved`);
  });

  it('P36 without time everybody comes back by himself', async () => {
    const { seen, acks, head, counts } = await drained(3, 0);
    assert.equal(acks.length, people.length * 100);
    for (const { offsets } of seen.values()) assert.equal(offsets.length, head);
    assert.ok([...seen.values()].some(({ states }) => states.has('reconnecting')));
    assert.equal(counts.get('moved_over'), undefined);
  });
});
