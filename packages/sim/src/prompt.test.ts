import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client/client';
import { Cluster } from './cluster.ts';
import { dialer } from './link.ts';
import { Record } from './record.ts';
import { World } from './world.ts';

const wayToStore = 1;

/** Two people in one room, on a cluster where nothing takes time but the ways; events one by one, `every` milliseconds. */
async function talk(nodes: number, every: number): Promise<{ record: Record; counts: ReadonlyMap<string, number> }> {
  const world = new World(1);
  world.idle = true;
  const record = new Record();
  const cluster = new Cluster(world, record, {});
  cluster.storeWeather.fixed = wayToStore;
  cluster.storeWeather.taken = 0;
  for (let node = 0; node < nodes; node++) cluster.start();
  const clients = ['ann', 'ben'].map((name, at) => {
    const actor = world.actor(`user ${name}`);
    cluster.names(actor, name);
    const dial = dialer(
      actor,
      () => cluster.members[at % nodes]?.door,
      () => ({ delay: () => 2, bandwidth: 1_000 }),
      cluster,
    );
    const client = connect({ url: 'sim://cluster', credentials: { name }, env: actor.env(), dial });
    void client.send('room:a', { kind: 'join', body: {} });
    actor.after(200, () => client.subscribe('room:a', { position: '0', onEvents: () => {} }));
    return client;
  });
  const clock = world.actor('clock');
  for (let event = 0; event < 20; event++) {
    clock.after(2_000 + event * every, () => void clients[0]?.send('room:a', { kind: 'say', body: { text: String(event) } }));
  }
  await world.run(2_000 + 20 * every + 1_000);
  return { record, counts: world.counts };
}

/** From the moment at which the node knew of the commit to the write, for each event and reader, in milliseconds. */
function delays({ commits, written }: Record, user: string): number[] {
  return commits
    .filter(({ kind }) => kind === 'say')
    .map(({ id, at }) => (written.find((one) => one.id === id && one.user === user)?.at ?? Number.POSITIVE_INFINITY) - at - wayToStore);
}

describe('promptness', () => {
  it('I13 an event that comes alone is written in the turn in which its commit is known: no delay is added', async () => {
    const { record, counts } = await talk(1, 1_000);
    for (const user of ['ann', 'ben'])
      assert.deepEqual(
        delays(record, user),
        Array.from({ length: 20 }, () => 0),
      );
    assert.equal(counts.get('look_found'), undefined);
    assert.equal(counts.get('repair'), undefined);
  });

  it('I13 on another node it is written when its bell is there, without a read of the store', async () => {
    const { record, counts } = await talk(2, 1_000);
    assert.ok(delays(record, 'ann').every((delay) => delay === 0));
    // The bus takes 0.2 ms, the lossy way that it is wrapped in up to 2.
    assert.ok(
      delays(record, 'ben').every((delay) => delay > 0 && delay < 3),
      delays(record, 'ben').join(),
    );
    assert.equal(counts.get('look_found'), undefined);
    assert.equal(counts.get('repair'), undefined);
  });
});
