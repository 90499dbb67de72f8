import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeEnvelope, encodeNote, type Note } from '../broker/envelope.ts';
import { ask, read, readers, room } from './attending.fixture.ts';
import type { TestLink } from './node.fixture.ts';

const typing = { channel: room, kind: 'typing', body: { on: true } };
const push = { push: 'signal', channel: room, from: 'ann', kind: 'typing', body: { on: true } };

/** Who is there, as the link is answered. */
async function whoIsThere(stage: Parameters<typeof ask>[0], link: TestLink): Promise<string> {
  const { sample } = await ask(stage, link, 'presence', { channel: room, on: true });
  return (sample as { user: string; sessions: number }[]).map(({ user, sessions }) => `${user} ${sessions}`).join();
}

/** Ann on one node; ben, and another session of ann's, on another. */
async function twoNodes() {
  const { stage, links } = await readers(['ann', 'cem']);
  const peer = await stage.peer();
  stage.join(room, 'ben');
  const session = '20000000-0000-7000-8000-000000000001';
  const ben = await read(stage, 'ben', {}, undefined, peer);
  const other = await read(stage, 'ann', {}, session, peer);
  await stage.clock.pass(1_200);
  return { stage, peer, session, ann: links[0], cem: links[1], ben, other };
}

describe('notes between nodes', () => {
  it('P64 a signal reaches who reads the channel on other nodes, once, and not its own session', async () => {
    const { stage, peer, session, ann, cem, ben, other } = await twoNodes();
    await ask(stage, ann, 'signal', typing);
    for (const link of [ben, cem, other]) assert.deepEqual(link.take('signal'), [push]);
    const moved = await read(stage, 'ann', {}, session);
    await ask(stage, moved, 'signal', typing);
    assert.deepEqual(other.take('signal'), [], 'the same session, over another link');
    assert.equal(ben.take('signal').length, 1);
    assert.equal(peer.node.status().held, false);
  });

  it('P66 who is there is the same on all nodes', async () => {
    const { stage, ann, ben } = await twoNodes();
    for (const link of [ann, ben]) assert.equal(await whoIsThere(stage, link), 'ann 2,ben 1,cem 1');
    ben.sink?.onClosed();
    await stage.clock.pass(7_500);
    assert.deepEqual(
      ann.take('presence').map(({ left }) => left),
      [['ben']],
    );
  });

  it('I7, I8 a signal that is doubled or overtaken, of another cluster or another history, is dropped', async () => {
    const { stage, ann } = await twoNodes();
    ann.take('signal');
    const { epoch } = stage.data;
    const { cluster } = stage.data;
    const say = async (number: number, more: Partial<Note> = {}): Promise<number> => {
      const text = `${JSON.stringify({ number, session: 's', from: 'ann', kind: 'typing' })}\n{"on":true}`;
      stage.broker.publish(room, encodeNote({ kind: 'signal', cluster, node: 'n', epoch, mark: '', channel: room, text, ...more }));
      await stage.clock.settle();
      return ann.take('signal').length;
    };
    assert.equal(await say(2), 1);
    assert.equal(await say(2), 0, 'doubled');
    assert.equal(await say(1), 0, 'overtaken');
    assert.equal(await say(1, { node: 'another' }), 1, 'which counts by itself');
    assert.equal(await say(3, { cluster: 'another' }), 0);
    assert.equal(await say(3, { epoch: 'another' }), 0);
    assert.equal(await say(3, { channel: 'room:b' }), 0, 'under another name than its own');
    assert.equal(await say(3, { text: 'nonsense' }), 0);
    assert.equal(await say(3), 1);
    assert.equal(stage.clock.counts.get('note_foreign'), 2 * 3, 'on each of the two');
  });

  it('is no bell to whoever knows bells alone', () => {
    const note: Note = { kind: 'presence', cluster: 'c', node: 'n', epoch: 'e', mark: 'm', channel: room, text: 'a\nb' };
    assert.equal(decodeEnvelope(encodeNote(note)), undefined);
  });

  it('I7 a stale node hands nothing on that it hears', async () => {
    const state = { failing: false };
    const { stage, links } = await readers(['ann'], {
      meddle: (store) => ({ ...store, moved: (...given) => (state.failing ? Promise.reject(new Error('no')) : store.moved(...given)) }),
    });
    const peer = await stage.peer();
    stage.join(room, 'ben');
    const ben = await read(stage, 'ben', {}, undefined, peer);
    await stage.clock.pass(600);
    state.failing = true;
    await stage.clock.pass(1_000);
    assert.deepEqual([stage.node.status().held, peer.node.status().held], [true, false]);
    await ask(stage, ben, 'signal', typing);
    assert.deepEqual(links[0].take('signal'), []);
    assert.equal(stage.clock.counts.get('signal_held'), 1);
  });
});
