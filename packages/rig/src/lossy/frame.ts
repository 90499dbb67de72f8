import type { Buffer } from 'node:buffer';

/** One unit of what a broker sends to a client, at the beginning of some bytes. */
export interface Frame {
  /** Where it ends: the next one begins there. */
  readonly end: number;
  /** How many bytes of a publisher's it brings along; undefined: none that anybody published, but a word between server and client. */
  readonly message?: number;
}

/** Reads the first frame of these bytes; undefined: it is not whole yet. Throws for what is none of that protocol. */
export type ReadFrame = (bytes: Buffer) => Frame | undefined;

/** The line at `at` without its end, and where the next one begins; undefined: it is not whole yet. Throws for one of more than `most` bytes. */
export function lineAt(bytes: Buffer, at: number, most: number): { readonly text: string; readonly next: number } | undefined {
  const end = bytes.indexOf('\r\n', at, 'latin1');
  if ((end < 0 ? bytes.length : end) - at > most) throw new Error(`a line of more than ${most} bytes`);
  return end < 0 ? undefined : { text: bytes.toString('latin1', at, end), next: end + 2 };
}
