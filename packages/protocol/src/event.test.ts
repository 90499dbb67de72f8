import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Entry, eventsPrefix, eventText, type Header, headerText } from './event.ts';

const header: Header = {
  offset: 7,
  n: 5,
  ts: 1764000000000,
  id: '0198c0de-0000-7000-8000-000000000001',
  from: 'caf%C3%A9',
  kind: 'message',
};

const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,32}$/);
const headers: fc.Arbitrary<Header> = fc.record(
  {
    offset: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    n: fc.maxSafeNat(),
    ts: fc.maxSafeNat(),
    id: fc.uuid(),
    from: name,
    kind: fc.stringMatching(/^[a-z][a-z0-9._-]{0,31}$/),
    empties: fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 5 }),
    concerns: fc.array(fc.oneof(name, fc.constant('*')), { minLength: 1, maxLength: 5 }),
  },
  { requiredKeys: ['offset', 'n', 'ts', 'id', 'from', 'kind'] },
);
const entries: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ header: headers, body: fc.json() }).map(({ header, body }) => ({ header, body: JSON.stringify(JSON.parse(body)) })),
  fc.record({ header: headers, body: fc.constant(null), emptied: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
);

describe('event', () => {
  it('P6: has its members in the order of the page', () => {
    const all = eventText({ header: { concerns: ['ann', '*'], empties: [3], ...header }, body: '{"text":"hi"}' });
    assert.deepEqual(Object.keys(JSON.parse(all)), ['offset', 'n', 'ts', 'id', 'from', 'kind', 'empties', 'concerns', 'body']);
  });

  it('P6: has empties and concerns only where there are any', () => {
    assert.deepEqual(Object.keys(JSON.parse(eventText({ header, body: '1' }))), ['offset', 'n', 'ts', 'id', 'from', 'kind', 'body']);
  });

  it('P6: an emptied event says which event did it', () => {
    const text = eventText({ header, body: null, emptied: 9 });
    assert.ok(text.endsWith(',"kind":"message","body":null,"emptied":9}'));
    assert.deepEqual(JSON.parse(text), { ...header, body: null, emptied: 9 });
  });

  it('P6: a body that is null is not an emptied one', () => {
    assert.deepEqual(JSON.parse(eventText({ header, body: 'null' })), { ...header, body: null });
  });

  it('P6, P10: the text is what JSON.stringify makes of what it parses to', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const text = eventText(entry);
        assert.equal(JSON.stringify(JSON.parse(text)), text);
        assert.equal(JSON.stringify(JSON.parse(headerText(entry.header))), headerText(entry.header));
      }),
    );
  });

  it('P6, P10: nothing of an event is lost in its text', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const { body, emptied, ...rest } = JSON.parse(eventText(entry)) as Header & { body: unknown; emptied?: number };
        // An own member __proto__ is told apart only in the text.
        assert.equal(JSON.stringify(body), entry.body ?? 'null');
        assert.deepEqual(rest, { ...entry.header });
        assert.equal(emptied, entry.emptied);
      }),
    );
  });

  it('P32: events stand in a frame as they are', () => {
    const text = eventText({ header, body: '1' });
    const frame = `${eventsPrefix('room:x', 'e1')}${[text, text].join(',')}]}`;
    assert.equal(JSON.stringify(JSON.parse(frame)), frame);
    assert.deepEqual(JSON.parse(frame), { push: 'events', channel: 'room:x', epoch: 'e1', events: [JSON.parse(text), JSON.parse(text)] });
  });
});
