/**
 * The contract of a broker as rules, each with its id: whatever claims to be one is asked all of them. `contract.red.test.ts` shows each
 * rule red on a broker that breaks it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envelopeRules } from './contract/envelopes.contract.ts';
import { interleaveRules } from './contract/interleave.contract.ts';
import { type BrokerFactory, type Lacks, leftOut, type Rule } from './contract/rule.contract.ts';
import { serverRules } from './contract/server.contract.ts';

export const brokerRules: readonly Rule[] = [...envelopeRules, ...interleaveRules, ...serverRules];

/** Registers the rules as tests. What the broker lacks leaves rules out; a test names them, and why. */
export function brokerContract(name: string, factory: () => BrokerFactory, lacks: Lacks = {}): void {
  describe(`${name}: the broker's contract`, () => {
    const out = Map.groupBy(brokerRules, (rule) => leftOut(rule, lacks));
    for (const { id, title, run } of out.get(undefined) ?? []) {
      it(`${id} ${title}`, (t) => run(factory(), (text) => t.diagnostic(`${name}, ${id}: ${text}`)));
    }
    for (const [reason, rules] of out) {
      if (reason === undefined) continue;
      const ids = rules.map(({ id }) => id).join(', ');
      it(`leaves out ${ids}, for a reason`, (t) => {
        assert.notEqual(reason.trim(), '');
        t.diagnostic(`${name} leaves out ${ids}: ${reason}`);
      });
    }
  });
}
