import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byteLength } from '@hubbub/protocol/body';
import { limits } from '@hubbub/protocol/limits';
import { addPoint, drawingOf, paper, partsOf, preview, type Stroke, strokeOf } from './stroke.ts';

const id = '01900000-0000-7000-8000-000000000001';
const stroke: Stroke = { id, color: 'violet', width: 32, points: [1, 2, 3, 4] };

/** A scribble whose points are as long as points can be. */
function scribble(count: number): Stroke {
  const points = Array.from({ length: count }, (_, at) => [3_000 + (at % 200), 1_999 - (at % 500)]).flat();
  return { ...stroke, points };
}

describe('strokes', () => {
  it('are read from events, and from nothing else', () => {
    const { id: _, ...body } = stroke;
    assert.deepEqual(strokeOf({ id, kind: 'stroke', body }), stroke);
    assert.equal(strokeOf({ id, kind: 'message', body }), undefined);
    assert.equal(strokeOf({ id, kind: 'stroke', body: { ...body, color: 'url(x)' } })?.color, 'ink');
    const bad = [null, 'x', {}, ...[[], [1], [1, 2, 3], [1, 2.5], [1, '2'], 'x'].map((points) => ({ ...body, points }))];
    for (const one of [...bad, { ...body, width: 0 }, { ...body, width: 1e9 }, { ...body, width: '6' }]) {
      assert.equal(strokeOf({ id, kind: 'stroke', body: one }), undefined, JSON.stringify(one));
    }
  });

  it('stay on the paper, in whole units, and leave out where the pen stands still', () => {
    const points: number[] = [];
    assert.deepEqual([addPoint(points, 10.4, 20.6), addPoint(points, 11, 21), addPoint(points, -5, 9_999)], [true, false, true]);
    assert.deepEqual(points, [10, 21, 0, paper.height]);
  });

  it('are one event, or as few as fit, without a hole between them', () => {
    assert.deepEqual(partsOf(stroke), [{ color: 'violet', width: 32, points: [1, 2, 3, 4] }]);
    const long = scribble(5_000);
    const parts = partsOf(long);
    assert.equal(parts.length, 4);
    for (const [at, part] of parts.entries()) {
      const bytes = byteLength(JSON.stringify(part));
      assert.ok(bytes <= limits.bodyBytes && (at === parts.length - 1 || bytes > limits.bodyBytes - 100), `${bytes} bytes`);
      if (at > 0) assert.deepEqual(part.points.slice(0, 2), parts[at - 1]?.points.slice(-2));
    }
    assert.deepEqual([...(parts[0]?.points ?? []), ...parts.slice(1).flatMap(({ points }) => points.slice(2))], long.points);
  });

  it('fit into a signal before they are finished, from their first point to their last', () => {
    assert.equal(preview(stroke), stroke);
    const long = scribble(5_000);
    const short = preview(long);
    assert.deepEqual([short.points.slice(0, 2), short.points.slice(-2)], [long.points.slice(0, 2), long.points.slice(-2)]);
    const body = { at: [3_000, 1_999], stroke: short };
    assert.ok(byteLength(JSON.stringify(body)) <= limits.signalBytes);
    assert.deepEqual(drawingOf(body), body);
  });

  it('and pens are read from signals, and from nothing else', () => {
    assert.deepEqual(drawingOf({ at: [1, 2] }), { at: [1, 2] });
    assert.deepEqual(drawingOf({ at: [1, 2], stroke: { points: [1] } }), { at: [1, 2] });
    for (const body of [null, 5, {}, { at: 1 }, { at: [1] }, { at: [1, 2, 3, 4] }, { at: ['1', '2'] }])
      assert.equal(drawingOf(body), undefined);
  });
});
