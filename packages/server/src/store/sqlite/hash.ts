import { hash } from 'node:crypto';

/** What is left of a trimmed event, to tell a retry from a conflict: SHA-256 of kind, newline and body, 16 bytes of it. */
export function hashOf(kind: string, body: string): Uint8Array {
  return hash('sha256', `${kind}\n${body}`, { outputEncoding: 'buffer' }).subarray(0, 16);
}
