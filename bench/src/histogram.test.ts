import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Histogram } from './histogram.ts';

it('tells percentiles to a thousandth, never too low', () => {
  const histogram = new Histogram();
  for (let i = 1; i < 100_000; i++) histogram.record(i / 100);
  const { count, p50, p99, p999, max } = histogram.times;
  assert.equal(count, 99_999);
  for (const [told, is] of [[p50, 500] as const, [p99, 990] as const, [p999, 999] as const, [max, 999.99] as const]) {
    assert.ok(told >= is - 0.011 && told <= is * 1.001, `${told} for ${is}`);
  }
});

it('adds up what several have recorded', () => {
  const [one, other] = [new Histogram(), new Histogram()];
  for (let ms = 0; ms < 100; ms++) one.record(ms);
  for (let ms = 0; ms < 100; ms++) other.record(1_000_000 + ms);
  one.add(other.counts);
  assert.equal(one.times.count, 200);
  assert.equal(one.times.p50, 99.007);
  assert.ok(one.times.p99 > 1_000_000);
});
