import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lossesTable } from './losses-table.ts';

it('sets both systems beside each other, fault by fault, and says what was void', () => {
  const about = (system: string, fault: string) => ({ system, scenario: 'losses', parameters: { fault } });
  const figures = { acked: 9, unanswered: 1, delivered: 80, lost: 1, duplicated: 2, reordered: 3, promisesBroken: 0 };
  const results = [
    { ...about('socketio', 'none'), figures },
    { ...about('hubbub', 'none'), figures: { ...figures, lost: 0, promisesBroken: 2 } },
    { ...about('hubbub', 'kill-node'), figures },
  ];
  const lines = lossesTable({ results, void: [{ ...about('socketio', 'kill-node'), reason: 'the fault left no trace' }] }).split('\n');
  assert.deepEqual(lines.slice(2), [
    '| none | 9 | 80 | 1 | 2 | 3 | 1 | 9 | 80 | 0 | 2 | 3 | 1 |',
    '| kill-node |  |  |  |  |  |  | 9 | 80 | 1 | 2 | 3 | 1 |',
    '',
    'hubbub, none: 2 promises were broken, as its own checker says.',
    '',
    'void: socketio, kill-node: the fault left no trace',
  ]);
});
