import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { originAllowed } from './origin.ts';

describe('origin', () => {
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
  ];
  for (const [what, origin, host, allowed] of table) {
    it(`P12: ${allowed ? 'allows' : 'refuses'} ${what}`, () => {
      const headers = { ...(origin !== undefined && { origin }), ...(host !== undefined && { host }) };
      assert.equal(originAllowed({ headers }), allowed);
    });
  }
});
