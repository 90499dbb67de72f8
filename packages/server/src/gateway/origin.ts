import type { IncomingMessage } from 'node:http';

/**
 * Whether a browser's page may open a link. Programs send no Origin and may. A page must come from the very host it talks to: then it
 * is ours, under whatever name or address people reach this server. Anything else could be any page, acting for whoever opened it.
 */
export function originAllowed({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  // Browsers write `null` for what has no origin of its own: a sandboxed frame, a file.
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Read as the page's scheme reads it: a proxy may name the port that browsers leave out.
  const here = `${page.protocol}//${host}`;
  return page.host !== '' && URL.canParse(here) && new URL(here).host === page.host;
}
