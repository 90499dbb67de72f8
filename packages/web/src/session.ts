import { type Client, type Credentials, connect } from '@hubbub/client';
import { useSyncExternalStore } from 'react';
import { load, save } from './storage.ts';

/** Who is signed in here. The client lives outside of React: nothing that renders opens or closes a connection. */
let client: Client | undefined;
const listeners = new Set<() => void>();

function start(credentials: Credentials): void {
  client?.close();
  client = connect({
    url: location.origin,
    credentials,
    onToken: (token, user) => {
      save('token', token);
      save('user', user);
    },
  });
  for (const run of listeners) run();
}

/** Goes on as who one was here before, if there was somebody. */
export function resume(): void {
  const token = load('token');
  if (token !== undefined) start({ token });
}

export function signIn(name: string): void {
  save('name', name);
  start({ name });
}

/** Forgets who one was here, and asks anew. */
export function signOut(): void {
  save('token', '');
  save('user', '');
  client?.close();
  client = undefined;
  for (const run of listeners) run();
}

/** The name that was given last. */
export function lastName(): string {
  return load('name') ?? '';
}

/** Our user name; known before the server has answered when it has been here before. */
export function ownUser(of: Client): string | undefined {
  return of.user ?? load('user');
}

export function useSession(): Client | undefined {
  return useSyncExternalStore(subscribe, () => client);
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  return () => listeners.delete(run);
}
