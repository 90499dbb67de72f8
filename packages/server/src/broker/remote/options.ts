/** What every broker on a server is told. */
export interface RemoteOptions {
  /** Where the server is. It may hold a password, which goes nowhere but to the server. */
  readonly url: string;
  /** Keeps clusters apart that share a server: letters, digits, `_` and `-`. */
  readonly prefix?: string;
  /** What an operator should read: that the server is away, and that it is back. */
  readonly onNote?: (text: string) => void;
}

export const usualPrefix = 'hubbub';

/** A URL as it may be shown: who it signs in as, and with what, is left out, and so is all behind the path. */
export function shown(url: string): string {
  if (!URL.canParse(url)) return 'an address that is none';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** What went wrong, without the secrets of the URL: a library may put into its message what it was given. */
export function reasonOf(error: unknown, url: string): string {
  // Behind the first line some libraries quote what they were asked.
  const [text = ''] = textOf(error).split('\n');
  const { username = '', password = '', search = '' } = URL.canParse(url) ? new URL(url) : {};
  const secrets = [url, search, password, username && `${username}:`].flatMap((secret) => [secret, decoded(secret)]);
  return secrets.reduce((said, secret) => (secret.length > 1 ? said.replaceAll(secret, '…') : said), text);
}

/** A connection tried at several addresses fails with several errors and no text of its own. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return [...new Set(error.errors.map(textOf))].join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
