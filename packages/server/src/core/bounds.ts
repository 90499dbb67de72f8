import { byteLength } from '@hubbub/protocol/body';
import { limits } from '@hubbub/protocol/limits';
import { isFactKey, isUser } from '@hubbub/protocol/names';
import type { Grant } from './authority.ts';

/**
 * What is wrong with what an authority would have an event do, in words; undefined: nothing. The store takes what it is given: that nothing
 * is without bounds in it is looked at here.
 */
export function outOfBounds({ facts = [], requires = [], empties = [], concerns = [] }: Grant): string | undefined {
  for (const [name, list] of Object.entries({ facts, requires, empties, concerns })) {
    const most = limits[name as 'facts' | 'requires' | 'empties' | 'concerns'];
    if (list.length > most) return `an event has at most ${most} ${name}`;
  }
  for (const { key, value } of [...facts, ...requires]) {
    if (!isFactKey(key)) return `a fact's key is 1 to ${limits.factKeyBytes} bytes, without control characters`;
    if (value !== null && byteLength(value) > limits.factValueBytes) return `a fact's value is at most ${limits.factValueBytes} bytes`;
  }
  if (!concerns.every((user) => user === '*' || isUser(user))) return 'an event concerns users, or * for all';
  return undefined;
}
