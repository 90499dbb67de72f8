import { type Complaint, isTest, manifest, type Tree } from './tree.ts';

/** Found by their name, not by an import: each with the reason. Those that a manifest, a script or the page names need no line here. */
const entries = new Map([['packages/web/vite.config.ts', 'vite looks for it by name']]);

const mostLines = 500;
const medianLines = 120;

export function sizes({ sources }: Tree): Complaint[] {
  const long = [...sources.values()].filter(({ lines }) => lines > mostLines);
  return long.map(({ path, lines }) => ({ rule: 'sizes', path, text: `${lines} lines, more than ${mostLines}` }));
}

/** The median length of what ships, in lines. */
export function median({ sources }: Tree): number {
  const product = [...sources.values()].filter(({ path }) => path.startsWith('packages/') && !isTest(path));
  const lines = product.map((source) => source.lines).sort((a, b) => a - b);
  return lines[Math.floor(lines.length / 2)] ?? 0;
}

export function medians(tree: Tree): Complaint[] {
  const lines = median(tree);
  return lines > medianLines
    ? [{ rule: 'median', path: 'packages', text: `the median file has ${lines} lines, more than ${medianLines}` }]
    : [];
}

/** Names that say nothing, under which everything gathers. */
export function names({ sources }: Tree): Complaint[] {
  const vague = [...sources.keys()].filter((path) => /(^|\/)(utils?|types|helpers?)\.tsx?$/.test(path));
  return vague.map((path) => ({ rule: 'names', path, text: 'name it for what it does' }));
}

/** Every file is imported, started by its path, named by a manifest or the page, or a test. */
export function orphans({ files, sources, edges }: Tree): Complaint[] {
  const used = new Set(edges.flatMap(({ from, to }) => (to === undefined || to === from ? [] : [to])));
  const named = namedElsewhere(files);
  const alone = [...sources.keys()].filter(
    (path) => !/\.(test\.tsx?|d\.ts)$/.test(path) && !used.has(path) && !named.has(path) && !entries.has(path),
  );
  return alone.map((path) => ({ rule: 'orphans', path, text: 'nothing imports it and nothing tests it' }));
}

function namedElsewhere(files: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>();
  for (const path of files.keys()) {
    const folder = path.split('/').slice(0, -1).join('/');
    const add = (name: string) => found.add(folder === '' ? name : `${folder}/${name.replace(/^\.?\//, '')}`);
    if (path.endsWith('package.json')) {
      const { scripts, exports, bin } = manifest(files, path);
      for (const name of Object.values({ ...exports, ...bin })) add(name);
      for (const script of Object.values(scripts ?? {})) for (const word of script.split(/\s+/)) add(word);
    }
    if (path.endsWith('index.html')) for (const [, name = ''] of (files.get(path) ?? '').matchAll(/src="([^"]+)"/g)) add(name);
  }
  return found;
}

/** Each file or folder that ARCHITECTURE.md names, in full or by the end of its path, is there. */
export function documented({ files }: Tree): Complaint[] {
  const page = files.get('ARCHITECTURE.md');
  if (page === undefined) return [{ rule: 'documented', path: 'ARCHITECTURE.md', text: 'is missing' }];
  const paths = [...files.keys()];
  const there = (name: string) =>
    name.endsWith('/') ? paths.some((path) => `/${path}`.includes(`/${name}`)) : paths.some((path) => `/${path}`.endsWith(`/${name}`));
  const named = new Set(page.match(/(?<![\w@:/.*-])(\.?[\w.-]+\/)*([\w.-]+\.(tsx?|md|json|html|yaml|cfg)|[\w.-]+\/)(?![\w/*])/g) ?? []);
  return [...named]
    .filter((name) => !there(name))
    .map((name) => ({ rule: 'documented', path: 'ARCHITECTURE.md', text: `names ${name}, which is not there` }));
}
