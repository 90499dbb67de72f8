/**
 * Sync before acknowledgement. A test that kills the process cannot show it: the kernel keeps what the process wrote. What shows it is
 * the order of system calls.
 */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Appending, commandPath, removeFolders, temporaryFolder, unless, waitFor } from './store-rig.ts';

const root = join(import.meta.dirname, '..');
const strace = await commandPath('strace');

interface Traced {
  acks: number;
  syncs: number;
  /** Acknowledgements that left while the WAL held what was written and not synced. */
  early: number;
}

/** Reads what strace has written, in its order. A call that was interrupted in the log counts from its end. */
function readTrace(text: string): Traced {
  const traced: Traced = { acks: 0, syncs: 0, early: 0 };
  const unfinished = new Map<string, string>();
  let dirty = false;
  for (const line of text.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    let call = rest;
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(thread, rest);
      // A write may be in the kernel from its beginning on.
      if (!rest.startsWith('pwrite64(')) continue;
    } else if (rest.startsWith('<... ')) call = `${unfinished.get(thread) ?? ''} ${rest}`;
    if (/^pwrite64\(\d+<[^>]*-wal>/.test(call)) dirty = true;
    else if (/^f(data)?sync\(\d+<[^>]*-wal>/.test(call) && /= 0$/.test(call)) {
      dirty = false;
      traced.syncs += 1;
    } else if (/^write\(1<[^>]*>, "ack /.test(call)) {
      traced.acks += 1;
      if (dirty) traced.early += 1;
    }
  }
  return traced;
}

async function trace(module?: string): Promise<Traced> {
  const log = join(temporaryFolder(), 'trace');
  const before = [strace ?? 'strace', '-f', '-y', '-s', '16', '-e', 'trace=pwrite64,write,fsync,fdatasync', '-o', log];
  const child = new Appending(join(temporaryFolder(), 'data'), module === undefined ? { before } : { before, module });
  await waitFor('acknowledgements', () => child.acks.length >= 40, 60_000);
  await child.kill();
  const traced = readTrace(readFileSync(log, 'utf8'));
  assert.ok(traced.acks >= 40);
  return traced;
}

/** The store's own source in a folder beside, with one text replaced by another. */
function patchedStore(file: string, replacements: readonly (readonly [string, string])[]): string {
  const copy = temporaryFolder();
  cpSync(join(root, 'packages/server/src/store'), join(copy, 'store'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
  const path = join(copy, 'store/sqlite', file);
  let source = readFileSync(path, 'utf8');
  for (const [from, to] of replacements) {
    assert.ok(source.includes(from), `${file} has no ${from}`);
    source = source.replace(from, to);
  }
  writeFileSync(path, source);
  return join(copy, 'store/sqlite/open.ts');
}

describe(
  'sqlite: sync before acknowledgement, by strace',
  unless(strace !== undefined, 'strace is not installed (Debian: apt-get install strace)'),
  () => {
    after(removeFolders);

    it('no acknowledgement leaves before the WAL is synced, one sync for each at least', async () => {
      const { acks, syncs, early } = await trace();
      assert.equal(early, 0);
      assert.ok(syncs >= acks, `${syncs} syncs for ${acks} acknowledgements`);
    });

    it('the same look finds a store that does not sync', async () => {
      const { acks, early } = await trace(
        patchedStore('schema.ts', [
          ['PRAGMA synchronous=FULL', 'PRAGMA synchronous=OFF'],
          ['synchronous !== 2', 'synchronous !== 0'],
        ]),
      );
      assert.equal(early, acks);
    });

    it('the store itself refuses to open where commits would not be synced', async () => {
      const child = new Appending(join(temporaryFolder(), 'data'), {
        module: patchedStore('schema.ts', [['PRAGMA synchronous=FULL', 'PRAGMA synchronous=OFF']]),
      });
      await waitFor('a refusal', () => child.refused !== '');
      assert.match(child.refused, /synchronous 0/);
      await child.kill();
    });
  },
);
