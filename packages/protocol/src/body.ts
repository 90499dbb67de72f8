import { Refusal } from './codes.ts';
import { limits } from './limits.ts';

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  // Two bytes a UTF-16 unit is a bound for Latin text only, so short texts are counted and nothing is guessed.
  return encoder.encode(text).length;
}

/**
 * Makes a body's JSON text, once. Refuses with `bad_body` what is no JSON value, is nested too deep, holds a number that is not finite,
 * an ill-formed string or a key `__proto__`; with `too_large` what is longer than a body may be: an event's, or `most` bytes.
 */
export function bodyText(body: unknown, most: number = limits.bodyBytes): string {
  check(body, 0);
  const text = JSON.stringify(body);
  if (text === undefined) throw new Refusal('bad_body', 'there has to be a body');
  if (text.length > most || byteLength(text) > most) throw new Refusal('too_large', `a body has at most ${most} bytes here`);
  return text;
}

function check(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Refusal('bad_body', 'a number of the body is not finite');
  if (typeof value === 'string' && !value.isWellFormed()) throw new Refusal('bad_body', 'a string of the body is no well-formed Unicode');
  if (typeof value !== 'object' || value === null) return;
  if (depth >= limits.bodyDepth) throw new Refusal('bad_body', `a body is nested at most ${limits.bodyDepth} deep`);
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') throw new Refusal('bad_body', 'a body has no key __proto__');
    if (!key.isWellFormed()) throw new Refusal('bad_body', 'a key of the body is no well-formed Unicode');
    check(member, depth + 1);
  }
}
