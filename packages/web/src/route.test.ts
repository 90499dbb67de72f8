import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathOfRoom, roomNamed, roomOfPath } from './route.ts';

describe('route', () => {
  it('finds the room that a text means', () => {
    const meant = ['general', ' #general ', 'Café 7', '50%', '', '#', '.', '...', 'é'.repeat(40)].map(roomNamed);
    const none = undefined;
    assert.deepEqual(meant, ['general', 'general', 'Caf%C3%A9%207', '50%25', none, none, none, none, none]);
  });

  it('comes back from its address to the room, whatever it is called', () => {
    for (const text of ['general', 'Café 7', '50%', '##1', 'a/b', '?x#y', 'v1.2', '日本']) {
      const room = roomNamed(text);
      assert.ok(room);
      // As a browser would have it.
      assert.equal(roomOfPath(new URL(pathOfRoom(room), 'http://localhost').pathname), room);
    }
  });

  it('takes no other address for a room', () => {
    for (const path of ['/', '/r/', '/r/a/b', '/x/general', '/r/%', '/r/%FF', `/r/${'a'.repeat(129)}`])
      assert.equal(roomOfPath(path), undefined);
  });
});
