import { type Client, type Credentials, connect } from '@hubbub/client';
import { useSyncExternalStore } from 'react';
import { claim } from './claim.ts';
import { forgetMarks } from './rooms/kept-marks.ts';
import { forget, load, save } from './storage.ts';

/** Who is signed in here. */
export type Session =
  | { readonly state: 'out' }
  | { readonly state: 'in'; readonly client: Client }
  /** The server did not take what it was shown. The client stays, and with it whatever is not sent yet. */
  | { readonly state: 'asked'; readonly client: Client; readonly why: string };

/** The client lives outside of React: nothing that renders opens or closes a connection. */
let session: Session = { state: 'out' };
const listeners = new Set<() => void>();
/** Where something may have been sent from. */
const visited = new Set<string>();

function change(to: Session): void {
  session = to;
  for (const run of listeners) run();
}

function start(credentials: Credentials): void {
  const client = connect({
    url: location.origin,
    credentials,
    onToken: (token, user) => {
      save('token', token);
      save('user', user);
    },
  });
  client.onStatus((status) => {
    // Only the form can mend a name; an empty room could just complain about it.
    if (status.state === 'refused' && status.code === 'bad_name') askAgain(`That cannot be a name here: ${status.text}.`);
  });
  void claim(client, () => client.signIn({ token: load('token') ?? '' }));
  change({ state: 'in', client });
}

/** Goes on as who one was here before, if there was somebody. */
export function resume(): void {
  const token = load('token');
  if (token !== undefined) start({ token });
}

export function signIn(name: string): void {
  save('name', name);
  if (session.state === 'out') return start({ name });
  const { client } = session;
  change({ state: 'in', client });
  client.signIn({ name });
}

/** Asks for a name once more, and says why. */
export function askAgain(why: string): void {
  if (session.state !== 'out') change({ state: 'asked', client: session.client, why });
}

/** Forgets who one was here, what one has read, what one was about to say, and what is not sent yet. */
export function signOut(): void {
  for (const key of ['token', 'user', 'rooms']) save(key, '');
  forget('draft:');
  forgetMarks();
  if (session.state !== 'out') session.client.close();
  visited.clear();
  change({ state: 'out' });
}

/** Something may be sent from here. */
export function visit(channel: string): void {
  visited.add(channel);
}

/** How many messages and strokes the server has not got yet: they are nowhere but on this page. */
export function unsent(): number {
  if (session.state === 'out') return 0;
  const { client } = session;
  const outgoing = [...visited].flatMap((channel) => client.outgoing(channel));
  return outgoing.filter(({ kind }) => kind !== 'join' && kind !== 'leave').length;
}

/** The name that was given last. */
export function lastName(): string {
  return load('name') ?? '';
}

/** Our user name; known before the server has answered when it has been here before. */
export function ownUser(of: Client): string | undefined {
  return of.user ?? load('user');
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session);
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  return () => listeners.delete(run);
}
