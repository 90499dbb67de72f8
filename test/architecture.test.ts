/**
 * The shape of the project: who may import whom, what core may take from the machine, how files are named and how long they are. Each
 * rule is shown red on planted files before it is asked about the real ones: a rule that finds nothing anywhere says nothing.
 */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { cycles } from './architecture/cycles.ts';
import { browserSafe, imports, lateLoading } from './architecture/layers.ts';
import { purity } from './architecture/purity.ts';
import { documented, median, medians, names, orphans, sizes } from './architecture/shape.ts';
import { type Complaint, plant, readFiles, type Tree } from './architecture/tree.ts';

type Rule = (tree: Tree) => Complaint[];

const server = 'packages/server/src';
const client = 'packages/client/src';

function complaints(rule: Rule, files: Record<string, string>): string[] {
  return rule(plant(new Map(Object.entries(files)))).map(({ path, text }) => `${path}: ${text}`);
}

function red(rule: Rule, files: Record<string, string>, expected: RegExp): void {
  const found = complaints(rule, files);
  assert.ok(
    found.some((complaint) => expected.test(complaint)),
    `not found: ${expected}\nfound: ${found.join('\n')}`,
  );
}

function green(rule: Rule, files: Record<string, string>): void {
  assert.deepEqual(complaints(rule, files), []);
}

describe('imports', () => {
  /** Each line: a file, what it imports, and whether that is allowed. */
  const table: [string, string, boolean][] = [
    [`${server}/core/hub.ts`, '../broker/broker.ts', true],
    [`${server}/core/hub.ts`, '../store/store.ts', true],
    [`${server}/core/hub.ts`, './commands/send.ts', true],
    [`${server}/core/hub.ts`, '@hubbub/protocol/env', true],
    [`${server}/core/hub.ts`, '../store/memory/memory.ts', false],
    [`${server}/core/hub.ts`, '../broker/local.ts', false],
    [`${server}/core/hub.ts`, '../chat/rooms.ts', false],
    [`${server}/core/hub.ts`, '../gateway/websocket.ts', false],
    [`${server}/core/hub.ts`, 'node:fs/promises', false],
    [`${server}/core/hub.ts`, 'ws', false],
    [`${server}/core/hub.test.ts`, '../store/memory/memory.ts', true],
    [`${server}/core/hub.test.ts`, '@hubbub/client', false],
    [`${server}/core/hub.ts`, './hub.test.ts', false],
    [`${server}/gateway/sse.ts`, '../core/feed.ts', true],
    [`${server}/gateway/sse.ts`, 'ws', true],
    [`${server}/gateway/sse.ts`, 'left-pad', false],
    [`${server}/gateway/sse.ts`, '../store/store.ts', false],
    [`${server}/gateway/sse.ts`, '../api/health.ts', false],
    [`${server}/api/health.ts`, '../core/node.ts', true],
    [`${server}/api/health.ts`, '../chat/rooms.ts', false],
    [`${server}/chat/rooms.ts`, '../core/authority.ts', true],
    [`${server}/chat/rooms.ts`, '../store/store.ts', true],
    [`${server}/chat/rooms.ts`, '../core/hub.ts', false],
    [`${server}/presence/list.ts`, '../core/presence.ts', true],
    [`${server}/presence/list.ts`, '../broker/broker.ts', true],
    [`${server}/presence/list.ts`, '../core/hub.ts', false],
    [`${server}/auth/guest.ts`, '../core/identity.ts', true],
    [`${server}/auth/guest.ts`, 'node:crypto', true],
    [`${server}/auth/guest.ts`, '../core/authority.ts', false],
    [`${server}/telemetry/metrics.ts`, '../core/mechanisms.ts', false],
    [`${server}/store/sqlite/open.ts`, '../store.ts', true],
    [`${server}/store/sqlite/open.ts`, 'node:sqlite', true],
    [`${server}/store/sqlite/open.ts`, '../memory/memory.ts', false],
    [`${server}/store/memory/memory.ts`, 'node:crypto', false],
    [`${server}/store/store.ts`, './sqlite/open.ts', false],
    [`${server}/broker/lossy.ts`, './local.ts', true],
    [`${server}/broker/redis.ts`, './envelope.ts', true],
    [`${server}/broker/redis.ts`, './remote/remote.ts', true],
    [`${server}/broker/redis.ts`, './local.ts', false],
    [`${server}/broker/redis.ts`, './nats.ts', false],
    [`${server}/broker/local.ts`, './remote/remote.ts', false],
    [`${server}/broker/remote/remote.ts`, '../broker.ts', true],
    [`${server}/broker/remote/remote.ts`, '../redis.ts', false],
    [`${server}/broker/remote/remote.ts`, 'ws', false],
    [`${server}/core/hub.ts`, '../broker/remote/remote.ts', false],
    [`${server}/broker/redis.ts`, '../core/hub.ts', false],
    [`${server}/main.ts`, './broker/redis.ts', true],
    [`${server}/main.ts`, '@hubbub/client', false],
    [`${server}/library.ts`, './store/sqlite/open.ts', true],
    [`${server}/library.ts`, './main.ts', false],
    [`${server}/config.ts`, './broker/redis.ts', false],
    ['packages/protocol/src/frames.ts', 'typebox', true],
    ['packages/protocol/src/frames.ts', 'node:crypto', false],
    ['packages/protocol/src/frames.ts', '@hubbub/client', false],
    [`${client}/client.ts`, '@hubbub/protocol/frames', true],
    [`${client}/client.ts`, '@hubbub/server/core/hub', false],
    [`${client}/client.ts`, 'node:events', false],
    [`${client}/client.ts`, 'ws', false],
    [`${client}/platform/file.ts`, 'node:fs', true],
    [`${client}/react/use.ts`, 'react', true],
    [`${client}/client.ts`, 'react', false],
    ['packages/web/src/main.tsx', '@hubbub/client', true],
    ['packages/web/src/main.tsx', '@hubbub/server/main', false],
    ['packages/web/src/main.tsx', 'node:path', false],
    ['packages/sim/src/cluster.ts', '@hubbub/server/core/node', true],
    ['packages/sim/src/cluster.ts', '@hubbub/server/store/memory/memory', true],
    ['packages/sim/src/cluster.ts', '@hubbub/server/broker/lossy', true],
    ['packages/sim/src/cluster.ts', '@hubbub/client', true],
    ['packages/sim/src/cluster.ts', '@hubbub/client/transports/websocket', false],
    ['packages/sim/src/cluster.ts', '@hubbub/server/store/sqlite/open', false],
    ['packages/sim/src/cluster.ts', '@hubbub/server/main', false],
    ['packages/rig/src/proxy.ts', 'node:net', true],
    ['packages/rig/src/proxy.ts', 'ws', false],
    ['packages/rig/src/proxy.ts', '@hubbub/protocol/env', false],
    ['packages/cli/src/main.ts', '@hubbub/server/main', true],
    ['packages/cli/src/main.ts', '@hubbub/server/config', true],
    ['packages/cli/src/main.ts', '@hubbub/server/core/hub', false],
    [`${server}/env.ts`, './core/mechanisms.ts', true],
    [`${server}/env.ts`, './core/hub.ts', false],
    ['packages/cli/src/main.ts', '../../../bench/fanout.ts', true],
    ['bench/fanout.ts', '@hubbub/server/core/hub', true],
    ['bench/fanout.ts', '../packages/cli/src/main.ts', false],
    ['test/resume.test.ts', '../packages/cli/src/main.ts', true],
    ['docs/examples/embed.ts', '@hubbub/server/library', true],
    ['docs/examples/embed.ts', '@hubbub/client', true],
    ['docs/examples/embed.ts', 'ws', true],
    ['docs/examples/embed.ts', '@hubbub/server/core/node', false],
    [`${server}/elsewhere/new.ts`, '../core/hub.ts', false],
  ];

  const manifest = '{ "exports": { ".": "./src/client.ts" }, "dependencies": { "typebox": "1", "ws": "8", "react": "19" } }';
  const manifests = Object.fromEntries(['protocol', 'client', 'server'].map((name) => [`packages/${name}/package.json`, manifest]));

  for (const [path, specifier, allowed] of table) {
    for (const form of ['import x from', 'import type { x } from', 'export * from', 'const x = await import']) {
      const text = form.endsWith('import') ? `${form}('${specifier}');` : `${form} '${specifier}';`;
      const files = { ...manifests, [path]: text };
      it(`${allowed ? 'allows' : 'refuses'} in ${path}: ${text}`, () => {
        if (allowed) green(imports, files);
        else red(imports, files, /may not import|is test code|is not declared|is in no layer/);
      });
    }
  }

  it('sees types written as import() and refuses what it cannot read', () => {
    red(imports, { [`${server}/core/hub.ts`]: "type Fs = import('node:fs').Stats;" }, /node:fs/);
    red(imports, { [`${server}/main.ts`]: 'export const load = (name: string) => import(name);' }, /nobody can see/);
  });

  it('refuses Node in what a browser loads, however far away', () => {
    const far = {
      'packages/client/package.json': '{ "exports": { ".": "./src/client.ts" } }',
      'packages/web/src/main.tsx': "import '@hubbub/client';",
      [`${client}/client.ts`]: "import './platform/file.ts';",
      [`${client}/platform/file.ts`]: "import 'node:fs';",
    };
    red(browserSafe, far, /platform\/file\.ts: a browser would load node:fs/);
    green(browserSafe, { ...far, [`${client}/client.ts`]: "import type { F } from './platform/file.ts';" });
  });

  it('refuses a command line that loads the simulator at once', () => {
    const files = {
      'packages/cli/src/main.ts': "import './commands/sim.ts';",
      'packages/cli/src/commands/sim.ts': "import '@hubbub/sim/run';",
      'packages/sim/src/run.ts': '',
    };
    red(lateLoading, files, /sim\/src\/run\.ts: is loaded by every run/);
    green(lateLoading, { ...files, 'packages/cli/src/main.ts': "await import('./commands/sim.ts');" });
  });

  it('finds cycles, type-only ones too', () => {
    const a = `${server}/core/a.ts`;
    const files = {
      [a]: "import type { B } from './b.ts';",
      [`${server}/core/b.ts`]: "import type { C } from './c.ts';",
      [`${server}/core/c.ts`]: '',
    };
    green(cycles, files);
    red(cycles, { ...files, [`${server}/core/c.ts`]: "export type { A } from './a.ts';" }, /a\.ts → .*b\.ts → .*c\.ts → .*a\.ts$/);
    red(cycles, { [a]: "import './a.ts';" }, /a\.ts → .*a\.ts/);
  });
});

describe('purity', () => {
  const path = `${server}/core/hub.ts`;
  const bad = [
    'Date.now()',
    'new Date()',
    'Temporal.Now.instant()',
    'performance.now()',
    'process.hrtime()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'AbortSignal.timeout(5)',
    'Math.random()',
    'Math["random"]()',
    'const { random } = Math',
    'const { timeout } = AbortSignal',
    'crypto.randomUUID()',
    'globalThis.setTimeout(f, 1)',
    "globalThis['setTimeout'](f, 1)",
    'globalThis?.setTimeout?.(f, 1)',
    'globalThis.globalThis.Date.now()',
    'globalThis.Math.random()',
    'const { setTimeout: later } = globalThis',
    'const name = "Date"; globalThis[name]',
    '(globalThis as unknown as { Date: unknown }).Date',
    'self.crypto.subtle',
    'const later = setTimeout',
    'new MessageChannel()',
    "eval('1')",
    'class A { at = Date.now() }',
    'f({ Date })',
  ];
  for (const text of bad) it(`refuses ${text}`, () => red(purity, { [path]: text }, /take it from env/));

  const good = [
    'Math.max(1, 2)',
    'const f = (signal: AbortSignal) => signal.aborted',
    'const window = 5; window + 1',
    'function f(process: string) { return process }',
    'const f = ({ crypto, self: [setTimeout] }: X) => [crypto, setTimeout]',
    'x.Date; x.process(); const y = { Date: 1, process() {} }',
    'interface A { Date: string; setTimeout(ms: number): void }',
    'class A { process = 1; setTimeout() {} }',
    "// Date.now()\nconst text = 'Date.now()'; const r = /Date.now()/",
    'globalThis.structuredClone(x)',
  ];
  for (const text of good) it(`allows ${JSON.stringify(text)}`, () => green(purity, { [path]: text }));

  it('is asked of all that the simulator runs, and of it', () => {
    const zone = [
      'core/hub.ts',
      'core/commands/send.ts',
      'presence/beats.ts',
      'chat/rooms.ts',
      'store/memory/memory.ts',
      'broker/local.ts',
      'broker/lossy.ts',
    ];
    for (const file of [
      ...zone.map((name) => `${server}/${name}`),
      `${client}/backoff.ts`,
      'packages/sim/src/run.ts',
      'packages/protocol/src/id.ts',
    ]) {
      red(purity, { [file]: 'Date.now()' }, /Date\.now/);
    }
    const free = [
      `${server}/main.ts`,
      `${server}/core/hub.test.ts`,
      `${client}/transports/sse.ts`,
      `${client}/platform/env.ts`,
      `${client}/react/use.ts`,
    ];
    for (const file of free) green(purity, { [file]: 'Date.now()' });
  });

  it('lets the simulator drain the loop and hash, nothing more', () => {
    const sim = 'packages/sim/src/run.ts';
    green(purity, { [sim]: "import { createHash } from 'node:crypto'; setImmediate(f); createHash('sha256')" });
    red(purity, { [sim]: "import { randomUUID } from 'node:crypto';" }, /node:crypto randomUUID/);
    red(purity, { [sim]: "import * as crypto from 'node:crypto';" }, /node:crypto/);
    red(purity, { [sim]: "import { setTimeout } from 'node:timers/promises';" }, /node:timers/);
    red(purity, { [sim]: 'setTimeout(f, 0)' }, /setTimeout/);
  });
});

describe('shape', () => {
  it('refuses a file of more than 500 lines and a median above 120', () => {
    green(sizes, { [`${server}/core/hub.ts`]: '\n'.repeat(500) });
    red(sizes, { [`${server}/core/hub.ts`]: '\n'.repeat(501) }, /501 lines/);
    green(medians, { [`${server}/core/hub.ts`]: '\n'.repeat(120), [`${server}/core/hub.test.ts`]: '\n'.repeat(400) });
    red(medians, { [`${server}/core/hub.ts`]: '\n'.repeat(121) }, /121 lines/);
  });

  it('refuses names that say nothing', () => {
    for (const name of ['utils.ts', 'util.ts', 'types.ts', 'helpers.ts', 'helper.tsx'])
      red(names, { [`${server}/core/${name}`]: '' }, /name it/);
    green(names, { [`${server}/core/subtypes.ts`]: '' });
  });

  it('refuses a file that nothing imports and nothing tests', () => {
    const path = `${server}/core/hub.ts`;
    red(orphans, { [path]: '' }, /nothing imports it/);
    red(orphans, { [path]: "import './hub.ts';" }, /nothing imports it/);
    green(orphans, { [path]: '', [`${server}/core/hub.test.ts`]: "import './hub.ts';" });
    green(orphans, { [path]: '', [`${server}/core/hub.test.ts`]: "new Worker(new URL('./hub.ts', import.meta.url));" });
    green(orphans, { [path]: '', 'packages/server/package.json': '{ "bin": { "hub": "src/core/hub.ts" } }' });
    green(orphans, { 'scripts/go.ts': '', 'package.json': '{ "scripts": { "go": "node scripts/go.ts" } }' });
    green(orphans, { 'packages/web/src/main.tsx': '', 'packages/web/index.html': '<script src="/src/main.tsx">' });
  });

  it('refuses a page that names what is not there', () => {
    const files = { [`${server}/core/hub.ts`]: '', 'deploy/nginx.conf': '' };
    const page =
      'The hub (`core/hub.ts`, `hub.ts`) lives in packages/server/src/core/ and `deploy/`; *.ts, `@hubbub/client`, https://a.b/c.html.';
    green(documented, { ...files, 'ARCHITECTURE.md': page });
    red(documented, { ...files, 'ARCHITECTURE.md': 'see `core/tail.ts`' }, /names core\/tail\.ts/);
    red(documented, { ...files, 'ARCHITECTURE.md': 'see core/commands/' }, /names core\/commands\//);
    red(documented, files, /is missing/);
  });
});

describe('this project', () => {
  const tree = plant(readFiles(resolve(import.meta.dirname, '..')));
  const rules: Rule[] = [imports, browserSafe, lateLoading, cycles, purity, sizes, medians, names, orphans, documented];
  for (const rule of rules) {
    it(`keeps the rule: ${rule.name}`, (t) => {
      const found = rule(tree).map(({ path, text }) => `${path}: ${text}`);
      if (found.length > 0) assert.fail(found.join('\n'));
      if (rule === medians) t.diagnostic(`median ${median(tree)} lines`);
    });
  }

  it('has files to judge', () => {
    assert.ok(tree.sources.size > 50);
    assert.ok(tree.edges.length > 100);
  });
});
