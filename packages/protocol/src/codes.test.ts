import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Code, codeOfClose, codes, isPassing, problem, Refusal } from './codes.ts';

interface Row {
  readonly status: number;
  readonly passing: boolean;
  readonly close?: number;
}

/** The table of section 7; a row can name several codes. */
function printed(): Map<string, Row> {
  const page = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
  const section = /^## 7\. Codes$([\s\S]*?)^## 8\./m.exec(page)?.[1];
  assert.ok(section !== undefined, 'PROTOCOL.md has a section 7');
  const rows = new Map<string, Row>();
  for (const line of section.split('\n').filter((one) => one.startsWith('| `'))) {
    const [names = '', status = '', passing = '', close = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    assert.ok(passing === 'yes' || passing === '', line);
    for (const [, name = ''] of names.matchAll(/`([a-z_]+)`/g)) {
      assert.ok(!rows.has(name), `${name} stands in the table once`);
      rows.set(name, { status: Number(status), passing: passing === 'yes', ...(close !== '' && { close: Number(close) }) });
    }
  }
  return rows;
}

describe('codes', () => {
  const table = printed();

  it('the table of PROTOCOL.md and that of the code have the same codes', () => {
    assert.deepEqual([...table.keys()].sort(), Object.keys(codes).sort());
  });

  for (const [name, row] of Object.entries(codes)) {
    it(`${name} is as PROTOCOL.md prints it`, () => assert.deepEqual(row, table.get(name)));
  }

  it('P16: a close code stands for one code', () => {
    const closing = Object.entries(codes).filter(([, { close }]) => close !== undefined);
    assert.equal(new Set(closing.map(([, { close }]) => close)).size, closing.length);
    for (const [name, { close }] of closing) assert.equal(codeOfClose(close ?? 0), name);
    for (const close of [0, 1000, 1005, 1006, 4000, 4499]) assert.equal(codeOfClose(close), undefined);
  });

  it('a code that is not known is taken as final', () => {
    for (const [name, { passing }] of Object.entries(codes)) assert.equal(isPassing(name), passing);
    for (const name of ['', 'new_code', 'toString', '__proto__', 'constructor']) {
      assert.equal(isPassing(name), false);
      assert.equal(isPassing(name, 0), true, 'a newer server says when to come back');
    }
    assert.equal(isPassing('forbidden', 100), false);
  });

  it('P14: an error travels as code, text and, where there is one, retryAfter', () => {
    const code: Code = 'overloaded';
    assert.equal(JSON.stringify(problem(new Refusal(code, 'too much'))), '{"code":"overloaded","text":"too much"}');
    assert.equal(JSON.stringify(problem(new Refusal(code, 'too much', 0))), '{"code":"overloaded","text":"too much","retryAfter":0}');
  });
});
