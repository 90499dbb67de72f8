import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeBody } from './dialects.ts';
import { talkDialects } from './talk-dialects.ts';

const { hubbub, socketio } = talkDialects;

describe('what became of something said', () => {
  it('is told by the reply to it, and by nothing else', () => {
    const { req } = JSON.parse(hubbub.say('room:hall-1', makeBody(0, 1, 128))) as { req: number };
    assert.deepEqual(hubbub.taken(`{"res":${req},"results":[{"offset":1}]}`), { taken: true });
    assert.equal(hubbub.taken('{"res":2,"results":[{"position":"0~a"}]}'), undefined);
    assert.equal(hubbub.taken('{"push":"health"}'), undefined);
  });

  it('is to be said again where the cause passes, of the command or of the event', () => {
    const error = { code: 'unavailable', text: '', retryAfter: 500 };
    assert.deepEqual(hubbub.taken(JSON.stringify({ res: 3, error })), { againAfter: 500 });
    assert.deepEqual(hubbub.taken(JSON.stringify({ res: 3, results: [{ error }] })), { againAfter: 500 });
    assert.throws(() => hubbub.taken(JSON.stringify({ res: 3, error: { code: 'forbidden', text: '' } })), /refused: forbidden/);
  });
});

describe('what a message brings', () => {
  it('is what people have said, and not what made the room', () => {
    const said = makeBody(7, 1, 128);
    const events = [
      { offset: 1, kind: 'create', body: {} },
      { offset: 2, kind: 'message', body: said },
    ];
    assert.deepEqual(hubbub.read(JSON.stringify({ push: 'events', channel: 'room:hall-1', epoch: 'a', events })), [said]);
    assert.deepEqual(socketio.read(`42${JSON.stringify(['m', said])}`), [said]);
  });
});
