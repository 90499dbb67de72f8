import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { limits } from '@hubbub/protocol/limits';
import { Peers } from './peers.ts';

function request(headers: IncomingHttpHeaders, remoteAddress = '203.0.113.7') {
  return { headers, socket: { remoteAddress } as Socket };
}

function peers({ trustProxy = [] as string[], origins = [] as string[], now = (): number => 0 } = {}): Peers {
  return new Peers({ trustProxy, origins, now });
}

describe('origins', () => {
  const table: [string, string | undefined, string | undefined, boolean][] = [
    ['a program', undefined, 'mybox:8080', true],
    ['our own page', 'http://mybox:8080', 'mybox:8080', true],
    ['our own page, by an address', 'http://192.168.0.7:8080', '192.168.0.7:8080', true],
    ['our own page, by an address of version 6', 'http://[::1]:8080', '[::1]:8080', true],
    ['our own page behind TLS', 'https://chat.example', 'chat.example', true],
    ['a proxy that names the default port', 'https://chat.example', 'chat.example:443', true],
    ['another spelling', 'http://mybox:8080', 'MyBox:8080', true],
    ['another host', 'http://elsewhere:8080', 'mybox:8080', false],
    ['another port', 'http://mybox:3000', 'mybox:8080', false],
    ['a port that is default elsewhere', 'http://chat.example', 'chat.example:443', false],
    ['a name that only begins alike', 'http://mybox.evil.example', 'mybox', false],
    ['a name before an @', 'http://mybox:8080@evil.example', 'mybox:8080', false],
    ['a sandboxed frame', 'null', 'mybox:8080', false],
    ['a file', 'file://', 'mybox:8080', false],
    ['an empty origin', '', 'mybox:8080', false],
    ['no host', 'http://mybox:8080', undefined, false],
    ['a host that is none', 'http://mybox:8080', 'a b', false],
    ['a named origin', 'https://app.example', 'mybox:8080', true],
    ['a named origin on another port', 'https://app.example:444', 'mybox:8080', false],
    ['a named origin without TLS', 'http://app.example', 'mybox:8080', false],
    ['a path behind a named origin', 'https://app.example/x', 'mybox:8080', false],
  ];
  for (const [what, origin, host, allowed] of table) {
    it(`P12: ${allowed ? 'allows' : 'refuses'} ${what}`, () => {
      const headers = { ...(origin !== undefined && { origin }), ...(host !== undefined && { host }) };
      assert.equal(peers({ origins: ['https://app.example'] }).originAllowed(request(headers)), allowed);
    });
  }

  it('P12: believes a trusted proxy, and nobody else, about the host that was meant', () => {
    const headers = { origin: 'https://chat.example', host: 'node1:8080', 'x-forwarded-host': 'chat.example' };
    const behind = peers({ trustProxy: ['10.0.0.0/8'] });
    assert.equal(behind.originAllowed(request(headers, '10.1.2.3')), true);
    assert.equal(behind.originAllowed(request(headers, '::ffff:10.1.2.3')), true);
    assert.equal(behind.originAllowed(request(headers, '203.0.113.7')), false);
    assert.equal(peers().originAllowed(request(headers, '10.1.2.3')), false);
    // What stands before it in the list the client may have written himself.
    const forged = { ...headers, 'x-forwarded-host': 'chat.example, elsewhere.example' };
    assert.equal(behind.originAllowed(request(forged, '10.1.2.3')), false);
  });
});

describe('addresses', () => {
  const table: [string, string[], string, string | undefined, string][] = [
    ['without a proxy, its own', [], '203.0.113.7', undefined, '203.0.113.7'],
    ['without trust, its own, whatever it says', [], '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['behind a proxy, what that says', ['10.0.0.0/8'], '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['what the client itself wrote is not believed', ['10.0.0.0/8'], '10.0.0.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['behind two proxies, the last that is none', ['10.0.0.0/8'], '10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['of a stranger that says it is a proxy, its own', ['10.0.0.0/8'], '203.0.113.7', '10.0.0.1', '203.0.113.7'],
  ];
  for (const [what, trustProxy, remote, forwarded, expected] of table) {
    it(what, () => {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      assert.equal(peers({ trustProxy }).addressOf(request(headers, remote)), expected);
    });
  }

  it('P77: each may ask so often, and is told when it may again', () => {
    let now = 0;
    const gate = peers({ now: () => now });
    const ask = (address: string): number => gate.take(request({}, address));
    for (let at = 0; at < limits.requestBurst; at++) assert.equal(ask('203.0.113.7'), 0, `request ${at}`);
    const wait = ask('203.0.113.7');
    assert.equal(wait, 1_000 / limits.requestsPerSecond);
    // Another address is another matter.
    assert.equal(ask('203.0.113.8'), 0);
    now = wait - 1;
    assert.ok(ask('203.0.113.7') > 0);
    now = wait;
    assert.equal(ask('203.0.113.7'), 0);
    assert.ok(ask('203.0.113.7') > 0);
  });

  it('one whose socket has no address (any more) is like any other: nobody is believed about it', () => {
    const gone = { headers: { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-host': 'chat.example' }, socket: {} as Socket };
    for (const trustProxy of [[], ['10.0.0.0/8']]) {
      const gate = peers({ trustProxy });
      assert.equal(gate.addressOf(gone), '');
      assert.equal(gate.take(gone), 0);
      assert.equal(gate.originAllowed({ ...gone, headers: { ...gone.headers, origin: 'https://chat.example' } }), false);
    }
  });

  it('this machine is not counted, unless it speaks for others', () => {
    const gate = peers();
    for (let at = 0; at < 2 * limits.requestBurst; at++) assert.equal(gate.take(request({}, '127.0.0.1')), 0);
    const proxied = (): number => gate.take(request({ 'x-forwarded-for': '198.51.100.1' }, '127.0.0.1'));
    for (let at = 0; at < limits.requestBurst; at++) proxied();
    assert.ok(proxied() > 0);
  });

  it('I8: remembers a bounded number of them', () => {
    const gate = peers();
    for (let at = 0; at < 20_000; at++) gate.take(request({}, `198.51.${at >> 8}.${at & 255}`));
    assert.equal(gate.size, 10_000);
  });
});
