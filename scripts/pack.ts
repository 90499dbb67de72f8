/**
 * `npm run pack -- --out DIR`: protocol, client and server as packages to be installed elsewhere, in DIR. Node runs no TypeScript inside
 * node_modules, so they hold JavaScript and declarations. Prints the names of the files that it has made.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execPath, exit } from 'node:process';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const packages = ['protocol', 'client', 'server'];

interface Manifest {
  readonly private?: boolean;
  readonly devDependencies?: Record<string, string>;
  /** Where the sources are: `./src/client.ts`, `./src/*.ts`. */
  readonly exports: Record<string, string>;
}

function run(command: string, args: string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} failed (${status})`);
}

/** The package's own manifest, without what only this project needs. */
function packed({ private: _, devDependencies: __, exports, ...kept }: Manifest): object {
  const built = Object.entries(exports).map(([name, source]) => {
    const path = source.replace('./src/', './dist/').replace(/\.ts$/, '');
    return [name, { types: `${path}.d.ts`, default: `${path}.js` }];
  });
  return { ...kept, exports: Object.fromEntries(built) };
}

function pack(out: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'hubbub-pack-'));
  try {
    run(execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.pack.json', '--outDir', scratch], root);
    for (const name of packages) {
      const folder = join(scratch, name);
      renameSync(join(folder, 'src'), join(folder, 'dist'));
      const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
      writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packed(manifest), null, 2)}\n`);
      copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
    }
    mkdirSync(out, { recursive: true });
    run('npm', ['pack', '--silent', '--pack-destination', out, ...packages.map((name) => `./${name}`)], scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const { out } = parseArgs({ options: { out: { type: 'string' } } }).values;
if (out === undefined) {
  console.error('npm run pack -- --out DIR: the folder that gets the packages');
  exit(2);
}
pack(resolve(out));
