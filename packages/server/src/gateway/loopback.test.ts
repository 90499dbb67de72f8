import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Links } from './links.fixture.ts';
import { fromLoopback } from './loopback.ts';

describe('loopback', () => {
  const table: [string, string | undefined, Record<string, string>, boolean][] = [
    ['this machine', '127.0.0.1', {}, true],
    ['this machine, by another of its addresses', '127.8.9.10', {}, true],
    ['this machine, by version 6', '::1', {}, true],
    ['this machine, by version 4 in a socket of version 6', '::ffff:127.0.0.1', {}, true],
    ['a browser of this machine', '127.0.0.1', { origin: 'http://localhost:8080', host: 'localhost:8080' }, true],
    ['a neighbour', '192.168.0.7', {}, false],
    ['a neighbour, in a socket of version 6', '::ffff:192.168.0.7', {}, false],
    ['a neighbour, by version 6', 'fe80::1', {}, false],
    ['an address that only begins alike', '128.0.0.1', {}, false],
    ['a link that is gone already', undefined, {}, false],
    ['what is no address', 'localhost', {}, false],
    ['a proxy of this machine', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, false],
    ['a proxy that says it this way', '::1', { forwarded: 'for=127.0.0.1' }, false],
    ['a proxy that says where it was reached', '127.0.0.1', { 'x-forwarded-host': 'chat.example' }, false],
    ['a proxy that says nothing but that it is one', '127.0.0.1', { via: '1.1 proxy' }, false],
    ['nginx as it is often set up', '127.0.0.1', { 'x-real-ip': '127.0.0.1' }, false],
  ];
  for (const [what, remoteAddress, headers, local] of table) {
    it(`P47: ${local ? 'is' : 'is not'}: ${what}`, () => {
      assert.equal(fromLoopback({ headers, socket: { remoteAddress } }), local);
    });
  }

  it('P47: is told to the node with the link', async () => {
    const on = await Links.start();
    const near = await on.open();
    const far = await on.open('/v1/ws', { 'x-forwarded-for': '203.0.113.9' });
    const loopback = [near, far].map(({ link }) => link.transport.traits.loopback);
    await on.end();
    assert.deepEqual(loopback, [true, false]);
  });
});
