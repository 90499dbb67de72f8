import { median, round } from './histogram.ts';

export type Figures = Readonly<Record<string, number>>;
export type Parameters = Readonly<Record<string, number | string>>;

/** What was found out about a system. Times are milliseconds unless the name says otherwise. */
export interface Result {
  /** One of the systems, or `a/b` for the ratios of a's figures to b's. */
  readonly system: string;
  readonly scenario: string;
  readonly parameters: Parameters;
  readonly figures: Figures;
}

/** A run that counts for nothing, and why. */
export interface Void {
  readonly system: string;
  readonly scenario: string;
  readonly parameters: Parameters;
  readonly reason: string;
}

export interface Findings {
  readonly results: readonly Result[];
  readonly void: readonly Void[];
}

/** Each figure's middle one. */
export function medians(rounds: readonly Figures[]): Figures {
  const names = new Set(rounds.flatMap((figures) => Object.keys(figures)));
  const column = (name: string): number[] => rounds.flatMap((figures) => figures[name] ?? []);
  return Object.fromEntries([...names].map((name) => [name, median(column(name))]));
}

/** The middle ratio of `ours` to `theirs`, round by round: what made a round slow made both slow. A round that is void has no figures. */
export function ratios(
  ours: readonly (Figures | undefined)[],
  theirs: readonly (Figures | undefined)[],
  names: readonly string[],
): Figures {
  const entries = names.map((name): [string, number[]] => {
    const found = ours.map((mine, at) => (mine?.[name] ?? Number.NaN) / (theirs[at]?.[name] ?? Number.NaN));
    return [name, found.filter(Number.isFinite)];
  });
  return Object.fromEntries(entries.filter(([, found]) => found.length > 0).map(([name, found]) => [name, round(median(found))]));
}

/** The findings as text for people: a line for each result, each void run with its reason. */
export function table({ results, void: voids }: Findings): string {
  const line = ({ system, scenario, parameters }: Result | Void): string => `${scenario} ${system} ${pairs(parameters)}`;
  return [
    ...results.map((result) => `${line(result)}\n    ${pairs(result.figures)}`),
    ...voids.map((run) => `void: ${line(run)}\n    ${run.reason}`),
  ].join('\n');
}

function pairs(values: Parameters): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
