/** A short slice of `hubbub prove --matrix`: three nodes on PostgreSQL behind HAProxy, with each broker, which dies; one also loses more. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { framesOf } from '@hubbub/rig/lossy/frames';
import { absent } from '@hubbub/rig/servers/present';
import { lacking, type Setting } from '../packages/cli/src/prove/cluster.ts';
import { faultsNamed } from '../packages/cli/src/prove/faults.ts';
import { exitCodeOf } from '../packages/cli/src/prove/findings.ts';
import { brokers } from '../packages/cli/src/prove/matrix.ts';
import { prove } from '../packages/cli/src/prove/run.ts';
import { hubbub } from './server-rig.ts';

const seed = 5;
const size = { clients: 6, channels: 3, rate: 40, seconds: 3, seed, brief: true };

describe('hubbub prove on a cluster', () => {
  for (const broker of brokers) {
    const setting: Setting = { store: 'postgres', broker, nodes: 3 };
    const names = ['kill-broker', ...(framesOf(broker) ? ['lossy-broker'] : [])];
    if (broker === 'redis') names.push('kill-node', 'cut-store', 'cut-broker', 'rollback-store');
    it(`${broker}: ${names.join(', ')}: every promise holds`, { skip: absent('postgres', 'haproxy', broker) }, async (t) => {
      const faults = names.flatMap((name) => faultsNamed(name, seed, setting));
      assert.equal(faults.length, names.length);
      const findings = await prove({ ...size, setting, faults, healingMs: 3_000, say: () => {}, signal: t.signal });
      const { faults: each, violations, ...figures } = findings;
      for (const { name, seen, caughtUpMsP99, deliveredMsP99, foundByLook } of each) {
        t.diagnostic(
          `${name}: ${seen}; delivered p99 ${deliveredMsP99} ms, caught up p99 ${caughtUpMsP99} ms, ${foundByLook} found by the look`,
        );
        // What is sent while no bell can come gets to the other nodes by the look, or not at all.
        if (name === 'kill-broker') assert.ok(foundByLook !== null && foundByLook > 0, `${foundByLook} found by the look`);
      }
      t.diagnostic(JSON.stringify(figures));
      assert.deepEqual(violations, []);
      assert.deepEqual(findings.void, []);
      assert.equal(findings.delivered, (findings.acked - findings.cutOff) * size.clients);
      assert.equal(exitCodeOf(findings), 0);
    });
  }

  it('says what there cannot be', async () => {
    const cases: [string[], RegExp][] = [
      [['--nodes', '2'], /several need a store that they share/],
      [['--nodes', '4', '--store', 'postgres'], /1 to 3/],
      [['--faults', 'kill-broker'], /nothing here that it could befall/],
      [['--broker', 'pigeons'], /--broker pigeons: one of local, redis/],
      [['--store', 'mysql'], /--store mysql: one of sqlite, postgres/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await hubbub('prove', ...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });

  it('knows what is to be had', () => {
    assert.equal(lacking({ store: 'sqlite', broker: 'local', nodes: 1 }), undefined);
    const on = (broker: Setting['broker']): Setting => ({ store: 'postgres', broker, nodes: 3 });
    const random = (broker: Setting['broker']): string[] => faultsNamed('random', seed, on(broker)).map(({ name }) => name);
    assert.ok(random('redis').includes('lossy-broker'));
    for (const broker of ['local', 'kafka', 'rethinkdb'] as const) assert.ok(!random(broker).includes('lossy-broker'));
    assert.throws(() => faultsNamed('lossy-broker', seed, on('kafka')), /lossy-broker: what kafka sends cannot be lost piece by piece/);
    assert.throws(() => faultsNamed('cut-broker', seed, on('kafka')), /cut-broker: kafka tells its clients where it is/);
  });
});
