import { untilCalm } from './calm.ts';
import type { Findings, Parameters, Result, Void } from './report.ts';

/** What a run that can be void is tried again for: a machine that is busy for a moment. */
const tries = 3;

export interface Outcome<Figures> {
  readonly figures: Figures;
  /** Why the figures count for nothing. */
  readonly void?: string;
}

/** Gathers what a scenario finds out, void runs with their reasons included. */
export class Gathering implements Findings {
  readonly results: Result[] = [];
  readonly void: Void[] = [];
  readonly #scenario: string;
  readonly #say: (text: string) => void;

  constructor(scenario: string, say: (text: string) => void) {
    this.#scenario = scenario;
    this.#say = say;
  }

  /** Runs, again if it was void or failed, and tells the figures; undefined when every try was. One that fails does not lose the others. */
  async run<Figures>(system: string, parameters: Parameters, once: () => Promise<Outcome<Figures>>): Promise<Figures | undefined> {
    for (let left = tries; left > 0; left--) {
      await untilCalm();
      const { figures, void: reason } = await once().catch(failed);
      this.#say(
        `${system} ${JSON.stringify(parameters)} ${reason === undefined ? '' : `VOID: ${reason} `}${JSON.stringify(figures ?? {})}`,
      );
      if (reason === undefined) return figures;
      this.void.push({ system, scenario: this.#scenario, parameters, reason });
    }
    return undefined;
  }

  /** Notes that a system is not measured at all. */
  leaveOut(system: string, parameters: Parameters, reason: string): void {
    this.#say(`${system} VOID: ${reason}`);
    this.void.push({ system, scenario: this.#scenario, parameters, reason });
  }

  add(system: string, parameters: Parameters, figures: Result['figures']): void {
    if (Object.keys(figures).length > 0) this.results.push({ system, scenario: this.#scenario, parameters, figures });
  }
}

function failed(error: unknown): { readonly figures: undefined; readonly void: string } {
  return { figures: undefined, void: error instanceof Error ? error.message : String(error) };
}
