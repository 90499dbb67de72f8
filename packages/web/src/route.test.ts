import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { channelNamed, pathOf, placeOf, titleOf } from './route.ts';

describe('route', () => {
  it('finds the channel that a text means', () => {
    const meant = ['general', ' #general ', 'Café 7', '50%', '', '#', '.', '...', 'é'.repeat(40)].map((text) => channelNamed('room', text));
    const none = undefined;
    assert.deepEqual(meant, ['room:general', 'room:general', 'room:Caf%C3%A9%207', 'room:50%25', none, none, none, none, none]);
    assert.equal(channelNamed('board', 'sketch'), 'board:sketch');
  });

  it('comes back from its address to the channel, whatever it is called', () => {
    for (const prefix of ['room', 'board'] as const) {
      for (const text of ['general', 'Café 7', '50%', '##1', 'a/b', '?x#y', 'v1.2', '日本']) {
        const channel = channelNamed(prefix, text);
        assert.ok(channel);
        assert.equal(titleOf(channel), text.replace(/^#/, ''));
        // As a browser would have it.
        assert.deepEqual(placeOf(new URL(pathOf(channel), 'http://localhost').pathname), { view: prefix, channel });
      }
    }
    assert.deepEqual(placeOf('/rooms'), { view: 'rooms' });
  });

  it('takes no other address for a place', () => {
    for (const path of ['/', '/r/', '/r/a/b', '/x/general', '/r/%', '/r/%FF', `/r/${'a'.repeat(129)}`, '/b/', '/b/..', '/rooms/x'])
      assert.equal(placeOf(path), undefined);
  });
});
