import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Import, parse, type Source } from './source.ts';

/** What a rule says against a file. */
export interface Complaint {
  readonly rule: string;
  readonly path: string;
  readonly text: string;
}

/** One import, resolved: to a file of the project, or to something outside (a package, `node:…`). */
export interface Edge extends Import {
  readonly from: string;
  readonly to: string | undefined;
}

/** All files that the rules look at, by their path from the root, and what they say of each other. */
export interface Tree {
  readonly files: ReadonlyMap<string, string>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly edges: readonly Edge[];
}

const kept = ['package.json', 'ARCHITECTURE.md', 'packages/*/{package.json,index.html}'];
const code = ['packages/*/*.{ts,tsx}', 'packages/*/src/**/*.{ts,tsx}', '{scripts,test,bench,docs}/**/*.{ts,tsx}'];

/** Reads the files that the rules look at, and the names of all others. */
export function readFiles(root: string): Map<string, string> {
  const exclude = (path: string) => /(^|\/)(node_modules|dist|\.git)$/.test(path) || path === 'bench/peers';
  const find = (patterns: string[]) => globSync(patterns, { cwd: root, exclude });
  const files = new Map(find(['**']).map((path): [string, string] => [path, '']));
  for (const path of find([...kept, ...code])) files.set(path, readFileSync(join(root, path), 'utf8'));
  return files;
}

export function plant(files: ReadonlyMap<string, string>): Tree {
  const sources = new Map<string, Source>();
  for (const [path, text] of files) if (isCode(path)) sources.set(path, parse(path, text));
  const edges = [...sources.values()].flatMap((source) =>
    source.imports.map((found) => ({ ...found, from: source.path, to: resolve(files, source.path, found) })),
  );
  return { files, sources, edges: edges.filter(({ kind, to }) => kind !== 'path' || to !== undefined) };
}

function isCode(path: string): boolean {
  return /\.tsx?$/.test(path) && /^(packages\/[^/]+\/(src\/.*|[^/]+)|(scripts|test|bench|docs)\/.*)$/.test(path);
}

/** Test code: it may use more than the code that ships, and the code that ships may not use it. */
export function isTest(path: string): boolean {
  return /(^test\/|\.(test|contract|fixture)\.tsx?$|\/contract\.ts$)/.test(path);
}

function resolve(files: ReadonlyMap<string, string>, from: string, { specifier, kind }: Import): string | undefined {
  if (kind === 'path') return [join(dirname(from), specifier), normalize(specifier)].find((path) => path !== from && files.has(path));
  if (specifier.startsWith('.')) return join(dirname(from), specifier);
  const [, name, subpath] = /^@hubbub\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  if (subpath !== undefined) return `packages/${name}/src/${subpath}.ts`;
  const { exports } = manifest(files, `packages/${name}/package.json`);
  return join('packages', name, exports?.['.'] ?? 'no default export');
}

export interface Manifest {
  readonly scripts?: Record<string, string>;
  readonly exports?: Record<string, string>;
  readonly bin?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

export function manifest(files: ReadonlyMap<string, string>, path: string): Manifest {
  return JSON.parse(files.get(path) ?? '{}') as Manifest;
}

/** All files that loading `roots` loads, by imports of these kinds. */
export function reached(tree: Tree, roots: readonly string[], kinds: readonly string[]): Set<string> {
  const seen = new Set(roots.filter((path) => tree.sources.has(path)));
  for (const path of seen) {
    for (const { from, to, kind } of tree.edges) if (from === path && to !== undefined && kinds.includes(kind)) seen.add(to);
  }
  return seen;
}
