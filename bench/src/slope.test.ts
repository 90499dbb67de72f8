import assert from 'node:assert/strict';
import { it } from 'node:test';
import { slope } from './slope.ts';

it('is what each one adds, whatever was there before', () => {
  const points = [0, 2_000, 4_000, 6_000].map((x) => ({ x, y: 90_000_000 + 11_000 * x }));
  assert.equal(slope(points), 11_000);
});

it('goes between points that are on no line', () => {
  const points = [
    { x: 0, y: 2 },
    { x: 1, y: 1 },
    { x: 2, y: 5 },
    { x: 3, y: 4 },
  ];
  assert.equal(slope(points), 1);
});

it('is none for a single place', () => {
  assert.ok(Number.isNaN(slope([{ x: 1, y: 1 }])));
});
