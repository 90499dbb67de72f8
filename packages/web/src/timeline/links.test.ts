import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkify } from './links.ts';

describe('links', () => {
  const found: [string, string[]][] = [
    ['nothing here', []],
    ['see https://example.org.', ['https://example.org']],
    ['(https://example.org/a)', ['https://example.org/a']],
    ['https://example.org/a_(b), and http://b.example/?c=d&e', ['https://example.org/a_(b)', 'http://b.example/?c=d&e']],
    ['<https://example.org/x>', ['https://example.org/x']],
    ['[https://example.org/[1]]', ['https://example.org/[1]']],
    ['HTTPS://EXAMPLE.ORG/A!', ['HTTPS://EXAMPLE.ORG/A']],
    ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
    ['https://', []],
  ];
  for (const [text, links] of found) {
    it(JSON.stringify(text), () => {
      const parts = linkify(text);
      assert.equal(parts.map((part) => part.text).join(''), text);
      assert.deepEqual(
        parts.flatMap(({ href }) => href ?? []),
        links,
      );
    });
  }
});
