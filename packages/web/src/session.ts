import { type Client, type Credentials, connect } from '@hubbub/client';
import { useSyncExternalStore } from 'react';
import { recentRooms } from './route.ts';
import { load, save } from './storage.ts';

/** Who is signed in here. */
export type Session =
  | { readonly state: 'out' }
  | { readonly state: 'in'; readonly client: Client }
  /** The server did not take what it was shown. The client stays, and with it whatever is not sent yet. */
  | { readonly state: 'asked'; readonly client: Client; readonly why: string };

/** The client lives outside of React: nothing that renders opens or closes a connection. */
let session: Session = { state: 'out' };
const listeners = new Set<() => void>();

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

/** Forgets who one was here, and what is not sent yet. */
export function signOut(): void {
  save('token', '');
  save('user', '');
  if (session.state !== 'out') session.client.close();
  change({ state: 'out' });
}

/** How many messages the server has not got yet, in the rooms that one has been to: they are nowhere but on this page. */
export function unsent(): number {
  if (session.state === 'out') return 0;
  const { client } = session;
  return recentRooms().reduce((sum, room) => sum + client.outgoing(`room:${room}`).length, 0);
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
