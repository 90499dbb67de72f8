/**
 * What the simulator runs takes time, chance and the world from its `env` alone; one call of a clock and a seed no longer replays. The
 * linter cannot say this: it bans names, not members, and does not see `globalThis.setTimeout`.
 */
import { type Global, globals } from './scope.ts';
import { lineAt, type Node, type Source } from './source.ts';
import { type Complaint, isTest, type Tree } from './tree.ts';

const zones = [
  ...['packages/protocol/src/', 'packages/client/src/', 'packages/sim/src/'],
  ...[
    'core/',
    'presence/',
    'chat/',
    'store/store.ts',
    'store/memory',
    'broker/broker.ts',
    'broker/envelope.ts',
    'broker/local',
    'broker/lossy',
  ].map((path) => `packages/server/src/${path}`),
];
/** Where the real clock, the real sockets and React are handed in. */
const outside = ['transports/', 'platform/', 'react/'].map((path) => `packages/client/src/${path}`);

const clocks = ['Date', 'Temporal', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'scheduler'];
const frames = ['requestAnimationFrame', 'requestIdleCallback', 'MessageChannel'];
const forbidden = new Set([...clocks, ...frames, 'crypto', 'process', 'eval', 'Function', 'require']);
const globalObjects = new Set(['globalThis', 'global', 'window', 'self']);
/** Objects of which one member is forbidden: taken apart or passed on whole, nobody could see which member is used. */
const partly = new Map([
  ['Math', 'random'],
  ['AbortSignal', 'timeout'],
]);

export function purity({ sources }: Tree): Complaint[] {
  const zone = [...sources.values()].filter(({ path }) => startsWith(path, zones) && !startsWith(path, outside) && !isTest(path));
  return zone.flatMap((source) => {
    const complain = (start: number, text: string): Complaint => {
      return { rule: 'purity', path: source.path, text: `line ${lineAt(source.text, start)}: ${text}` };
    };
    const calls = globals(source.program).flatMap((use) => {
      const name = judge(use, source.path);
      return name === undefined ? [] : [complain(use.start, `${name}: take it from env`)];
    });
    return [...calls, ...nodeModules(source).map((text) => ({ rule: 'purity', path: source.path, text }))];
  });
}

function judge({ chain, parent }: Global, path: string): string | undefined {
  const rest = chain.slice(chain.findIndex((name) => !globalObjects.has(name)));
  if (chain.every((name) => globalObjects.has(name))) return `${chain.join('.')} as a whole`;
  const [name = '', member] = rest;
  // The simulator drains all microtasks between two steps, and only a real turn of the loop does that.
  if (name === 'setImmediate' && path.startsWith('packages/sim/')) return undefined;
  if (forbidden.has(name)) return chain.join('.');
  const banned = partly.get(name);
  if (banned === undefined || (member === undefined && isType(parent))) return undefined;
  return member === undefined ? `${name} as a whole` : member === banned ? chain.join('.') : undefined;
}

function isType(parent: Node | undefined): boolean {
  return (
    parent !== undefined && (parent.type.startsWith('TS') || (parent.type === 'BinaryExpression' && parent['operator'] === 'instanceof'))
  );
}

/** The simulator may read files, hash, and run seeds on several threads; of the others the import table already says that they take nothing of Node. */
function nodeModules({ path, imports }: Source): string[] {
  if (!path.startsWith('packages/sim/')) return [];
  return imports.flatMap(({ specifier, names, line, kind }) => {
    const hashes = specifier === 'node:crypto' && names.length > 0 && names.every((name) => name === 'createHash' || name === 'hash');
    const banned = /^node:(timers|perf_hooks|process|crypto|child_process)\b/.test(specifier) && !hashes;
    return banned && kind !== 'type' ? [`line ${line}: ${specifier} ${names.join(', ')}: take it from env`] : [];
  });
}

function startsWith(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder));
}
