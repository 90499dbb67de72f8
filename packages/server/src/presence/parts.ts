import { limits } from '@hubbub/protocol/limits';
import type { List } from './list.ts';

/**
 * A part: all the sessions that one node has in one channel. It travels whole, in pieces where it is long: the newest one wins, so it
 * does not matter what became of those before. Of a crowd only the number and some names travel.
 */
export interface Piece {
  /** Rises with every change, over all channels of the node: a part that was held up is known to be old. */
  readonly counter: number;
  readonly count: number;
  readonly piece: number;
  readonly of: number;
  readonly sessions: readonly string[];
  /** The others' parts are wanted. */
  readonly ask: boolean;
}

/** What a piece takes besides the names. */
const frame = 120;

/** Writes a part as notes of at most `most` bytes. `sessions`: those that are named, of `count`. */
export function encodePart(counter: number, count: number, sessions: readonly string[], ask: boolean, most: number): readonly string[] {
  const pieces: string[][] = [[]];
  let bytes = frame;
  for (const session of sessions) {
    const own = session.length + 3;
    let piece = pieces.at(-1) ?? [];
    if (piece.length >= limits.presencePage || (piece.length > 0 && bytes + own > most)) {
      piece = [];
      pieces.push(piece);
      bytes = frame;
    }
    piece.push(session);
    bytes += own;
  }
  return pieces.map((piece, at) =>
    JSON.stringify({ counter, count, piece: at + 1, of: pieces.length, sessions: piece, ...(ask && { ask }) }),
  );
}

/** Reads a piece, or returns undefined for what is none. */
export function decodePiece(note: string): Piece | undefined {
  try {
    const { counter, count, piece, of, sessions, ask } = JSON.parse(note) as Partial<Piece>;
    if (![counter, count, piece, of].every(Number.isSafeInteger) || !Array.isArray(sessions)) return undefined;
    if (!sessions.every((session) => typeof session === 'string')) return undefined;
    return { counter, count, piece, of, sessions, ask: ask === true } as Piece;
  } catch {
    return undefined;
  }
}

interface Part {
  counter: number;
  sessions: ReadonlySet<string>;
  unnamed: number;
  heardAt: number;
  /** Of the next one, by their number: what has come of it so far. */
  coming: { readonly counter: number; readonly pieces: Map<number, readonly string[]> } | undefined;
}

/** What the other nodes have in one channel, as they have told it last. */
export class Parts {
  readonly #list: List;
  readonly #parts = new Map<string, Part>();

  constructor(list: List) {
    this.#list = list;
  }

  /** Takes a piece. `old`: a newer part is known; `again`: this one is, and it has been confirmed; `waits`: some of it is still to come. */
  take(node: string, piece: Piece, now: number): 'old' | 'again' | 'waits' | 'taken' {
    const part = this.#parts.get(node) ?? { counter: 0, sessions: new Set(), unnamed: 0, heardAt: now, coming: undefined };
    this.#parts.set(node, part);
    if (piece.counter < part.counter) return 'old';
    part.heardAt = now;
    if (piece.counter === part.counter) return 'again';
    if (part.coming && piece.counter < part.coming.counter) return 'old';
    if (part.coming?.counter !== piece.counter) part.coming = { counter: piece.counter, pieces: new Map() };
    const { pieces } = part.coming;
    pieces.set(piece.piece, piece.sessions);
    if (pieces.size < piece.of) return 'waits';
    part.counter = piece.counter;
    part.coming = undefined;
    this.#become(part, new Set([...pieces.values()].flat()), piece.count);
    return 'taken';
  }

  /** That node is no more. */
  drop(node: string): void {
    const part = this.#parts.get(node);
    if (!part) return;
    this.#become(part, new Set(), 0);
    this.#parts.delete(node);
  }

  /** Drops what its node, which lives, has not confirmed for longer than it should have taken. Says how many sessions went with it. */
  age(now: number, patience: (node: string) => number): number {
    let gone = 0;
    for (const [node, { heardAt, sessions }] of this.#parts) {
      if (now - heardAt < patience(node)) continue;
      gone += sessions.size;
      this.drop(node);
    }
    return gone;
  }

  /** Nothing could be heard until `now`: that is no reason to think less of anybody. */
  excuse(now: number): void {
    for (const part of this.#parts.values()) part.heardAt = now;
  }

  /** Whoever is in both is held throughout. */
  #become(part: Part, sessions: ReadonlySet<string>, count: number): void {
    for (const session of part.sessions.difference(sessions)) this.#list.release(session);
    for (const session of sessions.difference(part.sessions)) this.#list.hold(session);
    part.sessions = sessions;
    const unnamed = Math.max(0, count - sessions.size);
    this.#list.unnamed(unnamed - part.unnamed);
    part.unnamed = unnamed;
  }
}
