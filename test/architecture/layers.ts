/** Who may import whom: the picture of ARCHITECTURE.md as a table. A file that no line of it covers may not exist. */
import { type Complaint, type Edge, isTest, manifest, reached, type Tree } from './tree.ts';

interface Layer {
  /** The modules of this layer: a name, such as `server/core`, stands for all below it. They may import each other. */
  readonly of: string;
  readonly may: readonly string[];
  readonly mayNot?: readonly string[];
  /** Packages from outside, or all that the package's manifest declares. */
  readonly packages?: readonly string[] | 'declared';
  readonly node?: boolean;
}

/** What the simulator runs must be as pure as core: it can take nothing from the machine. */
const pure = { packages: [], node: false };
const open = { packages: 'declared', node: true } as const;
const seams = ['server/broker/broker', 'server/broker/envelope', 'server/store/store'];
const everything = ['protocol', 'server', 'client', 'sim', 'rig', 'cli', 'web', 'bench', 'test', 'scripts'];

const layers: readonly Layer[] = [
  { of: 'protocol', may: [], packages: ['typebox'], node: false },

  { of: 'client', may: ['protocol'], ...pure },
  { of: 'client/react', may: ['client', 'protocol'], packages: ['react'], node: false },
  { of: 'client/platform', may: ['client', 'protocol'], ...open },
  { of: 'web', may: ['client', 'protocol'], packages: 'declared', node: false },
  { of: 'web/vite.config', may: [], ...open },

  // The only files that name implementations: one puts our server together, the other a part of somebody else's.
  { of: 'server/main', may: ['server', 'protocol'], ...open },
  { of: 'server/library', may: ['server', 'protocol'], mayNot: ['server/main'], ...open },
  { of: 'server/config', may: ['protocol'], ...open },
  // The real clock, timers and chance, which main hands to core.
  { of: 'server/env', may: ['protocol', 'server/core/mechanisms'], ...open },
  { of: 'server/gateway', may: ['server/core', 'protocol'], ...open },
  { of: 'server/api', may: ['server/core', 'protocol'], ...open },
  { of: 'server/chat', may: ['server/core/authority', 'server/store/store', 'protocol'], ...pure },
  { of: 'server/presence', may: ['server/core/presence', 'server/broker/broker', 'protocol'], ...pure },
  { of: 'server/auth', may: ['server/core/identity', 'server/store/store', 'protocol'], ...open },
  { of: 'server/telemetry', may: ['protocol'], ...open },
  { of: 'server/core', may: ['protocol', ...seams], ...pure },

  { of: 'server/broker/broker', may: ['protocol', 'server/broker/envelope'], ...pure },
  { of: 'server/broker/envelope', may: ['protocol'], ...pure },
  { of: 'server/broker/local', may: ['server/broker/broker', 'server/broker/envelope', 'protocol'], ...pure },
  { of: 'server/broker/lossy', may: ['server/broker/broker', 'server/broker/envelope', 'server/broker/local', 'protocol'], ...pure },
  // What all have in common that are on a server.
  { of: 'server/broker/remote', may: ['server/broker/broker'], packages: [], node: true },
  { of: 'server/broker/*', may: ['server/broker/broker', 'server/broker/envelope', 'server/broker/remote', 'protocol'], ...open },
  { of: 'server/store/store', may: ['protocol'], ...pure },
  { of: 'server/store/memory', may: ['server/store/store', 'protocol'], ...pure },
  { of: 'server/store/*', may: ['server/store/store', 'protocol'], ...open },

  {
    of: 'sim',
    may: [
      ...['protocol', 'client', 'server/core', 'server/presence', 'server/chat', ...seams],
      ...['server/store/memory', 'server/broker/local', 'server/broker/lossy'],
    ],
    // The simulator is the platform and the network.
    mayNot: ['client/transports', 'client/platform', 'client/react'],
    packages: [],
    node: true,
  },
  { of: 'rig', may: [], packages: [], node: true },
  // The configuration is the other half of main: the command line reads its options by the same rules.
  { of: 'cli', may: ['protocol', 'server/main', 'server/config', 'client', 'sim', 'rig', 'bench'], ...open },
  { of: 'bench', may: everything, mayNot: ['cli'], ...open },
  { of: 'test', may: everything, ...open },
  { of: 'scripts', may: [], ...open },
  // What others can write: with what is published, and no deep import.
  { of: 'docs', may: ['server/library', 'client', 'protocol'], ...open },
];

export function imports(tree: Tree): Complaint[] {
  return [...strays(tree), ...tree.edges.flatMap((edge) => judge(tree, edge)), ...unreadable(tree)];
}

function strays({ sources }: Tree): Complaint[] {
  const lost = [...sources.keys()].filter((path) => !isTest(path) && layerOf(moduleOf(path)) === undefined);
  return lost.map((path) => ({ rule: 'imports', path, text: 'is in no layer of test/architecture/layers.ts' }));
}

function unreadable({ sources }: Tree): Complaint[] {
  const product = [...sources.values()].filter(({ path }) => path.startsWith('packages/') && !isTest(path));
  return product.flatMap(({ path, unreadable }) =>
    unreadable.map((line) => ({ rule: 'imports', path, text: `line ${line}: import() of an expression: nobody can see what it loads` })),
  );
}

function judge(tree: Tree, edge: Edge): Complaint[] {
  const { from, to, kind, specifier, line } = edge;
  if (kind === 'path') return [];
  const complain = (text: string): Complaint[] => [{ rule: 'imports', path: from, text: `line ${line}: ${text}` }];
  const layer = isTest(from) ? testLayer(from) : layerOf(moduleOf(from));
  if (layer === undefined) return [];
  if (to !== undefined) {
    if (isTest(to) && !isTest(from)) return complain(`${specifier} is test code`);
    return allows(layer, moduleOf(from), moduleOf(to)) ? [] : complain(`${layer.of} may not import ${specifier} (${moduleOf(to)})`);
  }
  if (specifier.startsWith('node:')) return layer.node === true ? [] : complain(`${layer.of} may not import ${specifier}`);
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (layer.packages !== 'declared' && layer.packages?.includes(name) !== true) return complain(`${layer.of} may not import ${specifier}`);
  return declared(tree, from).has(name) ? [] : complain(`${name} is not declared in the package's manifest`);
}

/** `packages/server/src/core/hub.ts` → `server/core/hub`. */
export function moduleOf(path: string): string {
  return path.replace(/\.tsx?$/, '').replace(/^packages\/([^/]+)\/(src\/)?/, '$1/');
}

function layerOf(module: string): Layer | undefined {
  const found = layers.filter(({ of }) => within(module, of) || (of.endsWith('/*') && within(module, of.slice(0, -2))));
  const layer = found.sort((a, b) => b.of.replace('*', '').length - a.of.replace('*', '').length)[0];
  if (layer === undefined || !layer.of.endsWith('/*')) return layer;
  // Each implementation is a layer of its own: they do not know each other.
  return { ...layer, of: module.split('/').slice(0, 3).join('/') };
}

/** Tests stand beside what they test and may use all of that package, the protocol and the rig. */
function testLayer(path: string): Layer {
  if (path.startsWith('test/') || path.startsWith('bench/')) return { of: 'test', may: everything, ...open };
  const name = path.split('/')[1] ?? '';
  const own = layers.filter(({ of }) => within(of, name)).flatMap(({ may }) => may);
  return { of: name, may: [...own, name, 'protocol', 'rig'], ...open };
}

function allows({ of, may, mayNot }: Layer, from: string, to: string): boolean {
  if (within(to, of) && within(from, of)) return true;
  return may.some((name) => within(to, name)) && mayNot?.some((name) => within(to, name)) !== true;
}

function within(module: string, name: string): boolean {
  return module === name || module.startsWith(`${name}/`);
}

function declared({ files }: Tree, path: string): Set<string> {
  const own = path.startsWith('packages/') ? [path.split('/').slice(0, 2).join('/')] : packagesOf(files);
  const tools = isTest(path) || !/^packages\/[^/]+\/src\//.test(path);
  const { dependencies, devDependencies } = manifest(files, 'package.json');
  const names = own.flatMap((folder) => {
    const { dependencies, devDependencies, peerDependencies } = manifest(files, `${folder}/package.json`);
    return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  });
  return new Set([...names, ...(tools ? Object.keys({ ...dependencies, ...devDependencies }) : [])]);
}

function packagesOf(files: ReadonlyMap<string, string>): string[] {
  return [...files.keys()].flatMap((path) => /^(packages\/[^/]+)\/package\.json$/.exec(path)?.[1] ?? []);
}

/** What a browser loads may name nothing of Node, however many imports away. */
export function browserSafe(tree: Tree): Complaint[] {
  const react = [...tree.sources.keys()].filter((path) => path.startsWith('packages/client/src/react/') && !isTest(path));
  const roots = ['packages/web/src/main.tsx', 'packages/client/src/client.ts', ...react];
  const seen = reached(tree, roots, ['value', 'dynamic']);
  const found = tree.edges.filter(
    ({ from, to, kind, specifier }) => seen.has(from) && to === undefined && kind !== 'type' && /^(node:|ws$)/.test(specifier),
  );
  return found.map(({ from, specifier }) => ({ rule: 'browser', path: from, text: `a browser would load ${specifier}` }));
}

/** Whoever serves or sends loads neither the simulator nor the rig nor the benches: those are loaded by the command that needs them. */
export function lateLoading(tree: Tree): Complaint[] {
  const seen = reached(tree, ['packages/cli/src/main.ts'], ['value']);
  const heavy = [...seen].filter((path) => ['sim', 'rig', 'bench'].some((name) => within(moduleOf(path), name)));
  return heavy.map((path) => ({ rule: 'late', path, text: 'is loaded by every run of the command line: use import() in its command' }));
}
