/** What must not stand in any file of the project: a path of the machine it was written on, an address that only some networks know. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';

const root = resolve(import.meta.dirname, '..');
/** Folders in which people and machines keep their things; `/usr`, `/etc`, `/var` and `/tmp` are the same everywhere. */
const machine = /(?<![\w.~*-])\/(work|root|home\/[\w.-]+|Users\/[\w.-]+)(\/|\b)(?![-\w])/;

/** The committed files and those about to be; of a copy without its history, all but what is installed and built. */
function files(): string[] {
  if (existsSync(join(root, '.git'))) {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
    return listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  }
  const ours = globSync('**', { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist|data|coverage)$/.test(path) });
  return ours.filter((path) => statSync(join(root, path)).isFile());
}

function lines(path: string): string[] {
  const bytes = readFileSync(join(root, path));
  return bytes.includes(0) ? [] : bytes.toString('utf8').split('\n');
}

/** Where registries are named, apart from the links at which packages ask for money. */
function addresses(lock: string): string[] {
  const entries = Object.entries((JSON.parse(lock) as { packages: Record<string, object> }).packages);
  return entries.flatMap(([name, entry]) => {
    const { funding: _, ...rest } = entry as { funding?: unknown };
    return /https?:/.test(JSON.stringify(rest)) ? [name] : [];
  });
}

describe('text', () => {
  it('names no path of a machine', () => {
    // Put together here, so that this file does not name them either.
    for (const path of [
      ['work', 'main'],
      ['root', '.npmrc'],
      ['home', 'alice'],
      ['home', 'alice', 'x'],
      ['Users', 'alice'],
    ]) {
      assert.match(`see "/${path.join('/')}"`, machine);
    }
    for (const fine of ['packages/work/x', '../work/x', '/workers', '/homepage', '/rooted', 'https://a.example/roots', '/home/']) {
      assert.doesNotMatch(fine, machine);
    }
    const found = files().flatMap((path) =>
      lines(path).flatMap((line, at) => (machine.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    );
    if (found.length > 0) assert.fail(found.join('\n'));
  });

  it('has a lock file that serves behind any registry', () => {
    assert.deepEqual(addresses('{"packages": {"node_modules/a": {"resolved": "https://registry.example/a.tgz"}}}'), ['node_modules/a']);
    assert.deepEqual(addresses('{"packages": {"node_modules/a": {"funding": {"url": "https://a.example"}}}}'), []);
    assert.deepEqual(addresses(readFileSync(join(root, 'package-lock.json'), 'utf8')), []);
  });
});
