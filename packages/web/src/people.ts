import { decodeName } from '@hubbub/protocol/names';

/** What people call a user: the text that the name spells, without the random letters that tell guests of one name apart. */
export function nameOf(user: string): string {
  const dot = user.lastIndexOf('.');
  const part = dot > 0 ? user.slice(0, dot) : user;
  return decodeName(part) ?? part;
}

export function initialOf(user: string): string {
  const first = [...nameOf(user)].find((char) => /[\p{L}\p{N}]/u.test(char));
  return (first ?? '?').toUpperCase();
}

/** A hue in degrees, the same wherever this user is shown (FNV-1a, 32 bits). */
export function hueOf(user: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < user.length; at++) hash = Math.imul(hash ^ user.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % 360;
}
