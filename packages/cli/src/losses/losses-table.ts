import type { Findings, Result } from '../../../../bench/src/report.ts';

const columns = ['acked', 'delivered', 'lost', 'duplicated', 'reordered', 'unanswered'] as const;
const systems = { socketio: 'Socket.IO', hubbub: 'Hubbub' } as const;

/** Markdown: for each fault a line, what came of it on either system beside each other; below it what was void. */
export function lossesTable({ results, void: voids }: Findings): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const faults = [...new Set([...results, ...voids].map(({ parameters }) => String(parameters['fault'])))];
  const cells = (fault: string, system: string): (string | number)[] => {
    const found: Result | undefined = results.find((one) => one.system === system && one.parameters['fault'] === fault);
    return columns.map((name) => found?.figures[name] ?? '');
  };
  const names = Object.entries(systems);
  return [
    line(['fault', ...names.flatMap(([, name]) => columns.map((column, at) => (at === 0 ? `${name}: ${column}` : column)))]),
    line(['---', ...names.flatMap(() => columns.map(() => '--:'))]),
    ...faults.map((fault) => line([fault, ...names.flatMap(([system]) => cells(fault, system))])),
    ...results
      .filter(({ figures }) => (figures['promisesBroken'] ?? 0) > 0)
      .map(
        ({ system, parameters, figures }) =>
          `\n${system}, ${parameters['fault']}: ${figures['promisesBroken']} promises were broken, as its own checker says.`,
      ),
    ...voids.map(({ system, parameters, reason }) => `\nvoid: ${system}, ${parameters['fault']}: ${reason}`),
  ].join('\n');
}
