import { encodeName, isChannel } from '@hubbub/protocol/names';
import { useSyncExternalStore } from 'react';
import { load, save } from './storage.ts';

const standard = 'general';
const listeners = new Set<() => void>();
/** So many rooms that one has been to are kept at hand. */
const remembered = 12;

/** The name, as it is spelled on the wire, of the room that a text means; undefined where no room can be called that. */
export function roomNamed(text: string): string | undefined {
  return spelled(text.trim().replace(/^#/, ''));
}

function spelled(text: string): string | undefined {
  const name = encodeName(text);
  // An address that ends in dots leads elsewhere.
  return isChannel(`room:${name}`) && !/^\.+$/.test(name) ? name : undefined;
}

/** The room that a path means, if it means one. */
export function roomOfPath(path: string): string | undefined {
  const text = /^\/r\/([^/]+)\/?$/.exec(path)?.[1];
  if (text === undefined) return undefined;
  try {
    return spelled(decodeURIComponent(text));
  } catch {
    // Not the escapes of any text.
    return undefined;
  }
}

export function pathOfRoom(name: string): string {
  return `/r/${name}`;
}

/** Goes to a room, as a step that "back" takes back. */
export function goTo(name: string): void {
  if (name === current()) return;
  history.pushState(null, '', pathOfRoom(name));
  for (const run of listeners) run();
}

/** Any other address becomes that of the standard room, without a step of its own. */
export function settle(): void {
  if (roomOfPath(location.pathname) === undefined) history.replaceState(null, '', pathOfRoom(standard));
}

export function useRoom(): string {
  return useSyncExternalStore(subscribe, current);
}

/** Rooms that one has been to here, the last one first. */
export function recentRooms(): readonly string[] {
  const names = (load('rooms') ?? '').split(' ');
  return names.filter((name) => isChannel(`room:${name}`));
}

export function rememberRoom(name: string): void {
  save('rooms', [name, ...recentRooms().filter((other) => other !== name)].slice(0, remembered).join(' '));
}

function current(): string {
  return roomOfPath(location.pathname) ?? standard;
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  window.addEventListener('popstate', run);
  return () => {
    listeners.delete(run);
    window.removeEventListener('popstate', run);
  };
}
