import { children, isNode, literal, type Node } from './source.ts';

/** A use of a name that the file does not declare: something of the platform. */
export interface Global {
  /** The name and, as far as they are written out, the members taken of it: `globalThis.Math.random` → three. */
  readonly chain: readonly string[];
  readonly start: number;
  /** What stands around it: shows a type position, a destructuring. */
  readonly parent: Node | undefined;
}

interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | undefined;
}

/** Nodes within which names are declared; coarser than the language (`var` counts for its block), which is enough here. */
const scoped =
  /^(Program|.*Function.*|BlockStatement|For.*Statement|CatchClause|SwitchStatement|Class.*|StaticBlock|TSMethodSignature|TSConstructorType)$/;
/** Members of a node that hold names which are no uses: keys, labels, names on the other side of an import. */
const unused: Record<string, readonly string[]> = {
  MetaProperty: ['meta', 'property'],
  ImportSpecifier: ['imported'],
  ExportSpecifier: ['exported'],
  ImportAttribute: ['key'],
  LabeledStatement: ['label'],
  BreakStatement: ['label'],
  ContinueStatement: ['label'],
  TSQualifiedName: ['right'],
  TSNamedTupleMember: ['label'],
  TSEnumMember: ['id'],
  TSImportType: ['qualifier'],
};

export function globals(program: Node): Global[] {
  const uses: { node: Node; scope: Scope; parents: readonly Node[] }[] = [];

  const visit = (node: Node, outer: Scope, parents: readonly Node[]): void => {
    const scope = scoped.test(node.type) ? { names: new Set<string>(), outer } : outer;
    // A declaration's own name belongs to the scope around it.
    if (/^(Function|Class|TSEnum|TSInterface|TSTypeAlias|TSModule)Declaration$/.test(node.type)) declare(node['id'], outer);
    else declare(node['id'], scope);
    for (const parameter of list(node['params'])) declare(parameter, scope);
    if (node.type === 'CatchClause') declare(node['param'], scope);
    if (node.type === 'TSTypeParameter') declare(node['name'], scope);
    if (/^Import(Default|Namespace)?Specifier$/.test(node.type)) declare(node['local'], scope);
    if (node.type === 'Identifier') uses.push({ node, scope, parents });
    const skipped = skip(node);
    for (const child of children(node)) if (!skipped.includes(child)) visit(child, scope, [...parents, node]);
  };
  visit(program, { names: new Set(), outer: undefined }, []);

  return uses.flatMap(({ node, scope, parents }) => {
    const name = String(node['name']);
    if (known(name, scope)) return [];
    const { chain, parent } = members(node, parents);
    return [{ chain: [name, ...chain], start: node.start, parent }];
  });
}

function known(name: string, scope: Scope | undefined): boolean {
  return scope !== undefined && (scope.names.has(name) || known(name, scope.outer));
}

/** Declares every name of a binding pattern. */
function declare(pattern: unknown, scope: Scope): void {
  if (!isNode(pattern)) return;
  if (pattern.type === 'Identifier') scope.names.add(String(pattern['name']));
  for (const part of [pattern['left'], pattern['argument'], pattern['value'], pattern['parameter']]) declare(part, scope);
  for (const part of [...list(pattern['properties']), ...list(pattern['elements'])]) declare(part, scope);
}

function skip(node: Node): unknown[] {
  const computed = node['computed'] === true;
  if (node.type === 'MemberExpression') return computed ? [] : [node['property']];
  if ('key' in node && 'computed' in node) return computed ? [] : [node['key']];
  // `export { x } from` names what is elsewhere.
  if (node.type === 'ExportNamedDeclaration' && isNode(node['source'])) return list(node['specifiers']);
  return (unused[node.type] ?? []).map((member) => node[member]);
}

function members(node: Node, parents: readonly Node[]): { chain: string[]; parent: Node | undefined } {
  const chain: string[] = [];
  let current = node;
  for (let at = parents.length - 1; at >= 0; at -= 1) {
    const parent = parents[at];
    if (parent?.type !== 'MemberExpression' || parent['object'] !== current) return { chain, parent };
    const property = parent['property'];
    const name = parent['computed'] === true ? literal(property) : isNode(property) ? String(property['name']) : undefined;
    if (name === undefined) return { chain, parent };
    chain.push(name);
    current = parent;
  }
  return { chain, parent: undefined };
}

function list(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
