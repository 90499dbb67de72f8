import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasonOf, shown } from './options.ts';

describe('what is said of a server', () => {
  const url = 'redis://ann:s%2Fecret@example.org:6379/2?token=hidden';

  it('holds no secret of its address', () => {
    assert.equal(shown(url), 'redis://example.org:6379/2');
    assert.equal(shown('nats://127.0.0.1:4222'), 'nats://127.0.0.1:4222');
    assert.equal(shown('s/ecret'), 'an address that is none');
  });

  it('nor does what went wrong, whatever the library puts into it', () => {
    const texts = [
      `Invalid URL ${url}`,
      'WRONGPASS s/ecret',
      'no such password: s%2Fecret',
      'ann:x is unknown',
      'bad option ?token=hidden',
    ];
    for (const text of texts) assert.doesNotMatch(reasonOf(new Error(text), url), /ecret|ann:|hidden/);
    assert.equal(reasonOf(new Error('connect ECONNREFUSED 127.0.0.1:1'), url), 'connect ECONNREFUSED 127.0.0.1:1');
    assert.equal(reasonOf('s/ecret of somebody', url), '… of somebody');
    assert.equal(reasonOf(new Error('Cannot insert in:\nr.insert("what somebody wrote")'), url), 'Cannot insert in:');
  });

  it('is something, whatever was thrown', () => {
    assert.equal(reasonOf(new AggregateError([new Error('a'), new Error('b'), new Error('a')]), url), 'a; b');
    assert.equal(reasonOf(new RangeError(), 'no address'), 'RangeError');
    assert.equal(reasonOf(undefined, url), 'undefined');
  });
});
