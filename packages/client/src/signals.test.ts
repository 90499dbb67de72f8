import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubbubError } from './error.ts';
import { Signals } from './signals.ts';

function stage() {
  const state = { open: true, sent: [] as string[] };
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const signals = new Signals({
    isOpen: () => state.open,
    signal: (members) => {
      state.sent.push(members);
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
    },
  });
  return { state, signals, answers };
}

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof HubbubError ? error.code : 'another error';
  }
}

describe('signals of the client', () => {
  it('P62: go at once, and are written like the body of an event', () => {
    const { state, signals } = stage();
    signals.give('room:x', 'typing', { on: true });
    assert.deepEqual(state.sent, ['"channel":"room:x","kind":"typing","body":{"on":true}']);
  });

  it('are dropped without a link: nothing waits for the next one', () => {
    const { state, signals } = stage();
    state.open = false;
    signals.give('room:x', 'typing', 1);
    state.open = true;
    assert.deepEqual(state.sent, []);
  });

  it('P62: what is none is refused before it is sent', () => {
    const { state, signals } = stage();
    assert.equal(
      codeOf(() => signals.give('room', 'typing', 1)),
      'bad_channel',
    );
    assert.equal(
      codeOf(() => signals.give('room:x', 'Typing', 1)),
      'bad_kind',
    );
    assert.equal(
      codeOf(() => signals.give('room:x', 'typing', undefined)),
      'bad_body',
    );
    assert.equal(
      codeOf(() => signals.give('room:x', 'typing', 1n)),
      'bad_body',
    );
    assert.equal(
      codeOf(() => signals.give('room:x', 'typing', 'x'.repeat(1_023))),
      'too_large',
    );
    assert.equal(
      codeOf(() => signals.give('room:x', 'typing', 'x'.repeat(1_022))),
      undefined,
    );
    assert.equal(state.sent.length, 1);
  });

  it('nobody waits for an answer: sixteen without one, and the next are dropped; a refusal is none of the caller’s business', async () => {
    const { state, signals, answers } = stage();
    for (let at = 0; at < 20; at++) signals.give('room:x', 'typing', at);
    assert.equal(state.sent.length, 16);
    answers[0]?.resolve();
    answers[1]?.reject(new HubbubError('too_fast', 'too fast', 100));
    await Promise.resolve();
    await Promise.resolve();
    for (let at = 0; at < 20; at++) signals.give('room:x', 'typing', at);
    assert.equal(state.sent.length, 18);
  });
});
