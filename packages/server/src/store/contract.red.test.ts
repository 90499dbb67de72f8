/** Each rule of the store's contract shown red: on a store that breaks it, it has to say so. */
import assert, { AssertionError } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokenAppends } from './contract/broken/append.fixture.ts';
import type { Broken } from './contract/broken/broken.fixture.ts';
import { brokenEnds } from './contract/broken/close.fixture.ts';
import { brokenDuplicates } from './contract/broken/duplicates.fixture.ts';
import { brokenEmpties } from './contract/broken/empties.fixture.ts';
import { brokenFacts } from './contract/broken/facts.fixture.ts';
import { brokenLooks } from './contract/broken/moved.fixture.ts';
import { brokenReads } from './contract/broken/read.fixture.ts';
import { brokenHistories } from './contract/broken/renew.fixture.ts';
import { brokenRequires } from './contract/broken/requires.fixture.ts';
import { brokenTrims } from './contract/broken/trim.fixture.ts';
import { memoryFactory } from './contract/memory.fixture.ts';
import { storeRules } from './contract.ts';
import { StoreError } from './store.ts';

const all: readonly Broken[] = [
  ...brokenAppends,
  ...brokenDuplicates,
  ...brokenRequires,
  ...brokenEmpties,
  ...brokenReads,
  ...brokenTrims,
  ...brokenFacts,
  ...brokenLooks,
  ...brokenHistories,
  ...brokenEnds,
];

describe("the store's contract, broken", () => {
  for (const rule of storeRules) {
    const breaking = all.filter(({ breaks }) => breaks.includes(rule.id));
    it(`${rule.id} can be broken`, () => assert.ok(breaking.length > 0, 'no store breaks it: perhaps none can'));
    for (const { that, open } of breaking) {
      it(`${rule.id} finds a store that ${that}`, () =>
        // A rule that breaks down by itself, with a TypeError or the like, has found nothing.
        assert.rejects(rule.run(memoryFactory(open)), (error) => error instanceof AssertionError || error instanceof StoreError));
    }
  }

  it('has rules with one id each, and breaks none that is not there', () => {
    const ids = storeRules.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      all.flatMap(({ breaks }) => breaks.filter((id) => !ids.includes(id))),
      [],
    );
  });
});
