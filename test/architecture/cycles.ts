import type { Complaint, Tree } from './tree.ts';

/**
 * Cycles of imports, type-only ones included: two files that need each other are one file, or lack a third. Each cycle is told once,
 * as the walk first closes it.
 */
export function cycles({ sources, edges }: Tree): Complaint[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, kind } of edges) {
    // A path in a text (a worker's entry) starts something; it does not need it in order to load.
    if (kind !== 'path' && to !== undefined && sources.has(to)) next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  const found: Complaint[] = [];
  const done = new Set<string>();
  const trail: string[] = [];

  const visit = (path: string): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push({ rule: 'cycles', path, text: [...trail.slice(at), path].join(' → ') });
    if (at >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of next.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of sources.keys()) visit(path);
  return found;
}
