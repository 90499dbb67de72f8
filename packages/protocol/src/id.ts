import type { Env } from './env.ts';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * Makes a UUID v7 (RFC 9562, section 5.7) from the environment's clock and randomness. The time in it only helps indexes: nothing is
 * ordered by it, so a clock that is wrong does no harm.
 */
export function uuidv7(env: Pick<Env, 'now' | 'random'>): string {
  const time = hex(Math.max(0, Math.floor(env.now())) % 2 ** 48, 12);
  const bits = (count: number): number => Math.floor(env.random() * 2 ** count);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(bits(12), 3)}-${hex(0x8000 | bits(14), 4)}-${hex(bits(24), 6)}${hex(bits(24), 6)}`;
}

/** A random text of `length` characters of `[a-z2-7]`: node ids, epochs, the end of a guest's name. */
export function randomText(random: () => number, length: number): string {
  let text = '';
  for (let at = 0; at < length; at++) text += 'abcdefghijklmnopqrstuvwxyz234567'[Math.floor(random() * 32)];
  return text;
}
