import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Setting } from './cluster.ts';
import { faultsNamed, linkFaultsNamed } from './faults.ts';

const names = (faults: readonly { readonly name: string }[]): string[] => faults.map(({ name }) => name);
const ofLinks = ['dribble', 'flap-clients', 'half-open', 'slow-client', 'storm'];
const ofNodes = ['drain-node', 'kill-node', 'pause-node', 'skew'];
const ofTheCluster = [...ofLinks, ...ofNodes, 'rollback-store', 'kill-store', 'restart-store', 'cut-store', 'slow-store', 'restart-lb'];

describe('faults', () => {
  const cases: [Setting, string[]][] = [
    [{ store: 'sqlite', broker: 'local', nodes: 1 }, [...ofLinks, ...ofNodes, 'full-disk', 'rollback-store']],
    [{ store: 'postgres', broker: 'redis', nodes: 3 }, [...ofTheCluster, 'kill-broker', 'restart-broker', 'cut-broker', 'lossy-broker']],
    [{ store: 'postgres', broker: 'kafka', nodes: 3 }, [...ofTheCluster, 'kill-broker', 'restart-broker']],
  ];
  for (const [setting, all] of cases) {
    it(`random is all that there are, on ${setting.store} and ${setting.broker}, in an order of the seed's`, () => {
      const [one, again, other] = [7, 7, 8].map((seed) => names(faultsNamed('random', seed, setting)));
      assert.deepEqual(one?.toSorted(), all.toSorted());
      assert.deepEqual(again, one);
      assert.notDeepEqual(other, one);
      assert.deepEqual(other?.toSorted(), all.toSorted());
    });
  }

  it('random is all of the links, where there is nothing else', () => {
    assert.deepEqual(names(linkFaultsNamed('random', 7)).toSorted(), ofLinks);
  });

  it('none is none, a name is its fault, and any other name is refused with those that there are', () => {
    const setting: Setting = { store: 'sqlite', broker: 'local', nodes: 1 };
    assert.deepEqual(faultsNamed('none', 7, setting), []);
    assert.deepEqual(names(faultsNamed('storm', 7, setting)), ['storm']);
    assert.throws(() => faultsNamed('earthquake', 7, setting), /they are kill-node, /);
    assert.throws(() => faultsNamed('kill-broker', 7, setting), /nothing here that it could befall/);
  });
});
