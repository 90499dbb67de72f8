import { type ESTree, parseSync } from 'vite';

/** A node of a syntax tree, seen from a walk that does not care which. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** How a file names another: `value` and `type` at its head, `dynamic` when run, `path` as a text (worker entries, child processes). */
export type Kind = 'value' | 'type' | 'dynamic' | 'path';

export interface Import {
  readonly specifier: string;
  readonly kind: Kind;
  readonly line: number;
  /** What is taken by name; empty for a namespace, a default or a side effect. */
  readonly names: readonly string[];
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly program: Node;
  readonly imports: readonly Import[];
  /** Lines of `import(expression)`: what they load cannot be read. */
  readonly unreadable: readonly number[];
}

/** Parses with the parser that vite brings along: types, JSX and every form of import in one tree. */
export function parse(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text, { sourceType: 'module' });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const root = asNode(program);
  const imports: Import[] = [];
  const unreadable: number[] = [];
  walk(root, (node) => {
    const line = lineAt(text, node.start);
    const specifier = literal(node['source']);
    const names = namesOf(node);
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        const kind = node['importKind'] === 'type' || node['exportKind'] === 'type' ? 'type' : 'value';
        if (specifier !== undefined) imports.push({ specifier, kind, line, names });
        break;
      }
      case 'ImportExpression':
        if (specifier === undefined) unreadable.push(line);
        else imports.push({ specifier, kind: 'dynamic', line, names });
        break;
      case 'TSImportType':
        if (specifier !== undefined) imports.push({ specifier, kind: 'type', line, names });
        break;
      case 'Literal': {
        const value = node['value'];
        if (typeof value === 'string' && /^[\w@./-]+\.tsx?$/.test(value)) imports.push({ specifier: value, kind: 'path', line, names });
        break;
      }
    }
  });
  const heads = new Set(imports.filter(({ kind }) => kind !== 'path').map(({ specifier }) => specifier));
  return {
    path,
    text,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    program: root,
    imports: imports.filter(({ kind, specifier }) => kind !== 'path' || !heads.has(specifier)),
    unreadable,
  };
}

/** Calls `visit` for every node, outermost first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const child of children(node)) walk(child, visit, node);
}

export function children(node: Node): Node[] {
  return Object.values(node).flatMap((value) => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []));
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function asNode(program: ESTree.Program): Node {
  if (!isNode(program)) throw new Error('not a syntax tree');
  return program;
}

/** The text of a literal, also of a template without holes. */
export function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'Literal' && typeof value['value'] === 'string') return value['value'];
  const quasis = value['quasis'];
  if (value.type !== 'TemplateLiteral' || !Array.isArray(quasis) || quasis.length !== 1) return undefined;
  const cooked: unknown = quasis[0]?.value?.cooked;
  return typeof cooked === 'string' ? cooked : undefined;
}

function namesOf(node: Node): string[] {
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : [];
  return specifiers.flatMap((specifier) => {
    const name = specifier['imported'] ?? specifier['local'];
    const named = specifier.type === 'ImportSpecifier' || specifier.type === 'ExportSpecifier';
    return named && isNode(name) && typeof name['name'] === 'string' ? [name['name']] : [];
  });
}
