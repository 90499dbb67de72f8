/**
 * The table of codes: an API of its own, printed in PROTOCOL.md. A code never changes its meaning.
 *
 * - `status`: the HTTP status that goes with it.
 * - `passing`: the same request may succeed later, unchanged; the sender keeps it. Anything else is refused for good.
 * - `close`: the link ends with this WebSocket close code.
 */
interface CodeRow {
  readonly status: number;
  readonly passing: boolean;
  readonly close?: number;
}

const rows = {
  bad_frame: { status: 400, passing: false, close: 4400 },
  hello_first: { status: 400, passing: false, close: 4402 },
  unauthorized: { status: 401, passing: false, close: 4401 },
  hello_timeout: { status: 408, passing: true, close: 4408 },
  frame_too_large: { status: 413, passing: false, close: 1009 },
  upgrade_required: { status: 426, passing: false, close: 4426 },
  silent: { status: 408, passing: true, close: 4410 },
  draining: { status: 503, passing: true, close: 1012 },
  closing: { status: 503, passing: true, close: 1001 },
  bad_command: { status: 400, passing: false },
  unknown_command: { status: 404, passing: false },
  bad_channel: { status: 400, passing: false },
  bad_position: { status: 400, passing: false },
  bad_name: { status: 400, passing: false },
  bad_id: { status: 400, passing: false },
  bad_kind: { status: 400, passing: false },
  bad_body: { status: 400, passing: false },
  bad_empties: { status: 422, passing: false },
  not_stored: { status: 422, passing: false },
  too_large: { status: 413, passing: false },
  too_many: { status: 429, passing: false },
  too_fast: { status: 429, passing: true },
  forbidden: { status: 403, passing: false },
  id_conflict: { status: 409, passing: false },
  not_supported: { status: 501, passing: false },
  busy: { status: 409, passing: true },
  conflict: { status: 409, passing: true },
  overloaded: { status: 503, passing: true, close: 1013 },
  unavailable: { status: 503, passing: true },
  unknown: { status: 504, passing: true },
} as const satisfies Record<string, CodeRow>;

export type Code = keyof typeof rows;

export const codes: { readonly [Name in Code]: CodeRow } = rows;

/**
 * Tells whether the same request, unchanged, may succeed later. An unknown code (of a newer server) is passing where the server says when
 * to come back, `retryAfter`; else it is taken as final: repeating it blindly helps nobody.
 */
export function isPassing(code: string, retryAfter?: number): boolean {
  return Object.hasOwn(codes, code) ? codes[code as Code].passing : retryAfter !== undefined;
}

/** The code that a WebSocket close code stands for, or undefined where the link simply broke. */
export function codeOfClose(close: number): Code | undefined {
  for (const [code, row] of Object.entries(codes)) if (row.close === close) return code as Code;
  return undefined;
}

/** An error as it travels: the code is for programs, the text for people, `retryAfter` in milliseconds. */
export interface Problem {
  readonly code: Code;
  readonly text: string;
  readonly retryAfter?: number;
}

/** What a command throws to be answered with a code. Any other error is a defect of ours and is answered `unavailable`. */
export class Refusal extends Error implements Problem {
  readonly code: Code;
  readonly retryAfter?: number;

  constructor(code: Code, text: string, retryAfter?: number) {
    super(text);
    this.name = 'Refusal';
    this.code = code;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }

  get text(): string {
    return this.message;
  }
}

/** The members of a problem, in their order on the wire. */
export function problem(of: Problem): Problem {
  return of.retryAfter === undefined ? { code: of.code, text: of.text } : { code: of.code, text: of.text, retryAfter: of.retryAfter };
}
