import { CommandError } from './fail.ts';

export interface TokenRequest {
  /** Where the server is; a path is kept as prefix. */
  readonly url: string;
  /** Who asks. */
  readonly token: string;
  readonly user: string;
  /** Seconds; left out: it does not end. */
  readonly expiresIn?: number;
}

const patience = 10_000;

/** Has a server make a token for a user (PROTOCOL, P84), within `deadlineMs`. Throws CommandError. */
export async function requestToken({ url, token, user, expiresIn }: TokenRequest, deadlineMs = patience): Promise<string> {
  const { status, text } = await post(tokensUrl(url), {
    ...{ url, signal: AbortSignal.timeout(deadlineMs) },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user, ...(expiresIn !== undefined && { expiresIn }) }),
  });
  const { token: made, title, code } = read(text) ?? {};
  if (typeof made === 'string') return made;
  if (typeof title === 'string') throw new CommandError(`${title} (${String(code ?? status)})`);
  throw new CommandError(`what answers at ${url} is no Hubbub server, or something that stands before it (HTTP status ${status})`);
}

function tokensUrl(url: string): URL {
  const target = new URL(url.replace(/^ws/, 'http'));
  target.pathname = `${target.pathname.replace(/\/$/, '')}/v1/tokens`;
  return target;
}

async function post(target: URL, { url, ...request }: RequestInit & { readonly url: string }): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(target, { method: 'POST', ...request });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const late = (error as Error).name === 'TimeoutError';
    throw new CommandError(late ? `${url} did not answer in time: a token may have been made or not` : `no server answers at ${url}`);
  }
}

function read(text: string): { readonly token?: unknown; readonly title?: unknown; readonly code?: unknown } | undefined {
  try {
    return (JSON.parse(text) as object | null) ?? undefined;
  } catch {
    return undefined;
  }
}
