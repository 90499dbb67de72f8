/** Who may come in at a server that somebody else runs. */
const askMs = 10_000;

/**
 * Whether a server lets guests in, and that it takes the token, if there is one. Throws an error in words when there is no server, when it
 * is none of ours, or when it does not take the token.
 */
export async function takesGuests(url: string, token: string | undefined): Promise<boolean> {
  if (token !== undefined) {
    const { status, code } = await ask(url, '/v1/channels?of=mine&limit=1', { headers: { authorization: `Bearer ${token}` } });
    if (status !== 200) throw new Error(`${url} does not take the token (${code ?? status})`);
  }
  const { status, code } = await ask(url, '/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'prove' }),
  });
  if (status === 201) return true;
  if (code === undefined)
    throw new Error(`what answers at ${url} is no Hubbub server, or something that stands before it (HTTP status ${status})`);
  if (code === 'unauthorized' || code === 'not_supported') return false;
  throw new Error(`${url} lets nobody in (${code})`);
}

async function ask(url: string, path: string, request: RequestInit): Promise<{ status: number; code: string | undefined }> {
  const target = new URL(url);
  const answer = await fetch(`${target.origin}${target.pathname.replace(/\/$/, '')}${path}`, {
    ...request,
    signal: AbortSignal.timeout(askMs),
  }).catch((error: Error) => {
    throw new Error(error.name === 'TimeoutError' ? `${url} did not answer within ${askMs / 1_000} s` : `no server answers at ${url}`);
  });
  const { code } = await answer.json().then(
    (said) => (said ?? {}) as { code?: string },
    () => ({ code: undefined }),
  );
  return { status: answer.status, code };
}
