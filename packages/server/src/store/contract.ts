/**
 * The contract of a store as rules, each with its id: whatever claims to be one is asked all of them. `contract.red.test.ts` shows each
 * rule red on a store that breaks it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { appendRules } from './contract/append.contract.ts';
import { closeRules } from './contract/close.contract.ts';
import { duplicateRules } from './contract/duplicates.contract.ts';
import { emptyRules } from './contract/empties.contract.ts';
import { factRules } from './contract/facts.contract.ts';
import { movedRules } from './contract/moved.contract.ts';
import { readRules } from './contract/read.contract.ts';
import { renewRules } from './contract/renew.contract.ts';
import { requireRules } from './contract/requires.contract.ts';
import { rollbackRules } from './contract/rollback.contract.ts';
import { type Factory, leftOut, type Rule } from './contract/rule.contract.ts';
import { trimRules } from './contract/trim.contract.ts';

const themes: Readonly<Record<string, readonly Rule[]>> = {
  append: appendRules,
  duplicates: duplicateRules,
  requires: requireRules,
  empties: emptyRules,
  read: readRules,
  trim: trimRules,
  facts: factRules,
  moved: movedRules,
  renew: renewRules,
  rollback: rollbackRules,
  close: closeRules,
};

export const storeRules: readonly Rule[] = Object.values(themes).flat();

/** Registers the rules as tests. What its databases cannot be made to do leaves rules out; a test names them, and why. */
export function storeContract(name: string, factory: Factory): void {
  describe(`${name}: the store's contract`, () => {
    for (const [theme, rules] of Object.entries(themes)) {
      describe(theme, () => {
        for (const rule of rules) if (leftOut(rule, factory) === undefined) it(`${rule.id} ${rule.title}`, () => rule.run(factory));
      });
    }
    const out = Map.groupBy(storeRules, (rule) => leftOut(rule, factory));
    for (const [reason, rules] of out) {
      if (reason === undefined) continue;
      it(`leaves out ${rules.map(({ id }) => id).join(', ')}, for a reason`, (t) => {
        assert.notEqual(reason.trim(), '');
        t.diagnostic(`${name} leaves out ${rules.map(({ id }) => id).join(', ')}: ${reason}`);
      });
    }
  });
}
