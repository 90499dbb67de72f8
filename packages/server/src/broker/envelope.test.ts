import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeEnvelope, decodeNote, type Envelope, encodeEnvelope, encodeNote, isNote, type Note } from './envelope.ts';

const bell: Envelope = { cluster: 'c', node: 'n', epoch: 'e', mark: 'm', channel: 'room:a', head: 7, entries: [] };
const note: Note = { kind: 'signal', cluster: 'c', node: 'n', epoch: 'e', mark: 'm', channel: 'room:a', text: '{"a":1}\n"b\\n"' };

describe('envelopes', () => {
  it('bells are written and read as before there were notes', () => {
    const text = '{"v":1,"cluster":"c","node":"n","epoch":"e","mark":"m","channel":"room:a","head":7}';
    assert.equal(encodeEnvelope(bell), text);
    assert.deepEqual(decodeEnvelope(text), bell);
    assert.equal(isNote(text), false);
    assert.equal(decodeNote(text), undefined);
  });

  it('a note is read as it was written, whatever lines it has', () => {
    for (const text of [note.text, '', 'é']) assert.deepEqual(decodeNote(encodeNote({ ...note, text })), { ...note, text });
    assert.equal(isNote(encodeNote(note)), true);
  });

  it('a note is no bell, and what is neither is none of both', () => {
    assert.equal(decodeEnvelope(encodeNote(note)), undefined);
    const strangers = [
      '',
      '{',
      'null',
      '{"v":2}\n',
      '{"v":1,"kind":"other","cluster":"c","node":"n","epoch":"e","mark":"m","channel":"room:a"}\n',
    ];
    for (const text of [...strangers, '{"v":1,"kind":"signal","cluster":1}\n', encodeNote(note).split('\n')[0] ?? '', '{"v":1,"kind":}\n'])
      for (const decode of [decodeEnvelope, decodeNote]) assert.equal(decode(text), undefined, text);
  });
});
