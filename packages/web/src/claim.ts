/** The link that a server prints as long as nobody owns it: `…/#own=CODE`. Whoever opens it and signs in becomes the owner. */
import { type Client, HubbubError } from '@hubbub/client';
import { peopleChannel } from '@hubbub/protocol/people';
import { tell } from './notice.tsx';

/** Nowhere but here, and until it is used: it is worth the whole server. */
let code: string | undefined;

/** Takes the code out of the address, before anybody sees it there. */
export function takeCode(): void {
  const [, found] = /^#own=(.+)$/.exec(location.hash) ?? [];
  if (found === undefined) return;
  code = found;
  history.replaceState(history.state, '', location.pathname + location.search);
}

/** Shows the code, if there is one. `signInAnew`: the rights of an owner count from the next sign-in on. */
export async function claim(client: Client, signInAnew: () => void): Promise<void> {
  if (code === undefined) return;
  const shown = code;
  code = undefined;
  try {
    await client.send(peopleChannel, { kind: 'claim', body: { code: shown } });
    tell('You own this server now.');
    signInAnew();
  } catch (error) {
    if (!(error instanceof HubbubError)) throw error;
    // Signed out before it was sent: it is for whoever comes in next.
    if (error.code === 'closed') code ??= shown;
    else if (error.code === 'forbidden')
      tell('That link was used already, or is an old one: only the newest that the server has printed makes its owner.');
    else tell(`The server could not be made yours: ${error.message}.`);
  }
}
