/**
 * Names: what a channel, a user, a kind and a fact key may be called (PROTOCOL, "Names").
 *
 * Channel: `prefix:rest`; user: like `rest`. `rest` is 1–128 bytes of `[A-Za-z0-9._%-]`; `%` only as the upper-case escape of a byte of
 * NFC text that needs one. So every name has one spelling, and compares by bytes in every store, URL and broker.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const plain = /^[A-Za-z0-9._-]*$/;
const allowed = /^(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f]/;
const nameBytes = 128;

/** Spells any text as a user name or as the rest of a channel's name. The result can still be too long: ask `isUser`. */
export function encodeName(text: string): string {
  let out = '';
  for (const byte of encoder.encode(text.normalize('NFC'))) {
    const char = String.fromCharCode(byte);
    out += plain.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** The text that a name spells, or undefined if it is no well-formed name. */
export function decodeName(name: string): string | undefined {
  if (!allowed.test(name)) return undefined;
  if (!name.includes('%')) return name;
  const bytes: number[] = [];
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '%') {
      bytes.push(Number.parseInt(name.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(name.charCodeAt(at));
  }
  try {
    const text = decoder.decode(Uint8Array.from(bytes));
    return encodeName(text) === name && !control.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

export function isUser(name: string): boolean {
  return name.length <= nameBytes && decodeName(name) !== undefined;
}

const channelPattern = /^[a-z]{1,16}:/;

export function isChannel(name: string): boolean {
  const match = channelPattern.exec(name);
  return match !== null && isUser(name.slice(match[0].length));
}

/** The prefix of a channel, without its colon. */
export function channelPrefix(channel: string): string {
  return channel.slice(0, channel.indexOf(':'));
}

const kindPattern = /^[a-z][a-z0-9._-]{0,31}$/;

/** A kind of event: 1–32 of `[a-z0-9._-]`, a letter first. Core gives none of them a meaning. */
export function isKind(kind: string): boolean {
  return kindPattern.test(kind);
}

/** A fact's key: 1–256 bytes of UTF-8 in NFC without control characters. */
export function isFactKey(key: string): boolean {
  return key.length > 0 && !control.test(key) && key.isWellFormed() && key.normalize('NFC') === key && encoder.encode(key).length <= 256;
}

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** An event's or a session's id: a UUID in lower case. */
export function isId(id: string): boolean {
  return idPattern.test(id);
}
