/**
 * `npm start [-- --port … --data …]`: builds the page when its sources are newer than what was built, then becomes the server.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv, env, execPath, execve, exit } from 'node:process';

const root = resolve(import.meta.dirname, '..');
const built = join(root, 'packages/web/dist/index.html');
const vite = join(root, 'node_modules/vite/bin/vite.js');

/** What the page is made of: its own files and, through the SDK, two packages more. */
const sources = [
  'packages/web/{index.html,package.json,vite.config.ts}',
  'packages/web/{src,public}/**',
  'packages/{client,protocol}/src/**',
  'package-lock.json',
];

function changed(path: string): number {
  return statSync(path).mtimeMs;
}

function stale(): boolean {
  if (!existsSync(built)) return true;
  const made = changed(built);
  return sources.some((pattern) => globSync(pattern, { cwd: root }).some((path) => changed(join(root, path)) > made));
}

function build(): void {
  if (!existsSync(vite)) {
    // An install without development packages may run what was built elsewhere.
    if (existsSync(built)) return;
    console.error('The page is not built and vite is not installed: run `npm ci` and `npm run build:web` first.');
    exit(1);
  }
  const { status } = spawnSync(execPath, [vite, 'build', 'packages/web', '--logLevel', 'warn'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) exit(status ?? 1);
}

if (stale()) build();

// Becoming the server instead of starting it as a child: a Ctrl-C must reach it once, for a second signal ends it at once.
const main = join(root, 'packages/cli/src/main.ts');
if (execve === undefined) {
  exit(spawnSync(execPath, [main, 'serve', ...argv.slice(2)], { stdio: 'inherit' }).status ?? 1);
}
execve(execPath, [execPath, main, 'serve', ...argv.slice(2)], env as Record<string, string>);
