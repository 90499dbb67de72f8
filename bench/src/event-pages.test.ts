import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventPages, Place } from './event-pages.ts';

const channel = 'room:hall-1';

/** A message as a node writes it, with something else before it and behind. */
function message(offsets: readonly number[], body = 'x'): { bytes: Buffer; at: number; length: number } {
  const events = offsets.map((offset) => ({ offset, n: offset, body }));
  const text = JSON.stringify({ push: 'events', channel, epoch: 'k3Jx', events });
  return { bytes: Buffer.from(`..${text}{"push"`), at: 2, length: Buffer.byteLength(text) };
}

function read(pages: EventPages, offsets: readonly number[], body?: string) {
  const { bytes, at, length } = message(offsets, body);
  return pages.read(bytes, at, length);
}

describe('a message of events', () => {
  it('is read: channel, first, last', () => {
    const pages = new EventPages();
    assert.deepEqual(read(pages, [9, 10, 11]), { channel, first: 9, last: 11 });
    assert.deepEqual(read(pages, [9]), { channel, first: 9, last: 9 });
  });

  it('is parsed once, however often it comes', () => {
    const pages = new EventPages();
    const page = read(pages, [9, 10]);
    assert.equal(read(pages, [9, 10]), page);
    assert.notEqual(read(pages, [9, 10], 'another length'), page);
  });

  it('is refused when its events are out of order, or one of them is missing', () => {
    for (const offsets of [
      [9, 11, 10],
      [9, 11],
      [9, 9],
    ]) {
      assert.throws(() => read(new EventPages(), offsets), /stands where/);
    }
  });

  it('is refused when it is none', () => {
    const bytes = Buffer.from('{"push":"events","channel":"room:x","events":[]}');
    assert.throws(() => new EventPages().read(bytes, 0, bytes.length), /like none/);
  });
});

describe('a place in a channel', () => {
  it('takes what follows', () => {
    const place = new Place(channel);
    assert.equal(place.take({ channel, first: 1, last: 32 }), 32);
    assert.equal(place.take({ channel, first: 33, last: 33 }), 1);
    assert.equal(place.offset, 33);
  });

  it('takes neither a gap nor what it has', () => {
    const place = new Place(channel);
    place.offset = 32;
    assert.throws(() => place.take({ channel, first: 34, last: 40 }), /missing/);
    assert.throws(() => place.take({ channel, first: 32, last: 40 }), /twice/);
    assert.equal(place.offset, 32);
  });
});
