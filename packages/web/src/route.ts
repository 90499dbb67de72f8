import { channelPrefix, decodeName, encodeName, isChannel } from '@hubbub/protocol/names';
import { type MouseEvent, useMemo, useSyncExternalStore } from 'react';

/** What the page shows: all the rooms, or one channel. */
export type Place = { readonly view: 'rooms' } | { readonly view: 'room' | 'board'; readonly channel: string };

export const pathOfRooms = '/rooms';
const standard = '/r/general';
const listeners = new Set<() => void>();

/** The channel that a text means; undefined where none can be called that. */
export function channelNamed(prefix: 'room' | 'board', text: string): string | undefined {
  return spelled(prefix, text.trim().replace(/^#/, ''));
}

function spelled(prefix: 'room' | 'board', text: string): string | undefined {
  const name = encodeName(text);
  // An address that ends in dots leads elsewhere.
  return isChannel(`${prefix}:${name}`) && !/^\.+$/.test(name) ? `${prefix}:${name}` : undefined;
}

/** What people call a channel. */
export function titleOf(channel: string): string {
  const name = channel.slice(channelPrefix(channel).length + 1);
  return decodeName(name) ?? name;
}

/** The place that a path means, if it means one. */
export function placeOf(path: string): Place | undefined {
  if (path === pathOfRooms) return { view: 'rooms' };
  const [, letter, text = ''] = /^\/([rb])\/([^/]+)\/?$/.exec(path) ?? [];
  if (letter === undefined) return undefined;
  const view = letter === 'r' ? 'room' : 'board';
  try {
    const channel = spelled(view, decodeURIComponent(text));
    return channel === undefined ? undefined : { view, channel };
  } catch {
    // Not the escapes of any text.
    return undefined;
  }
}

export function pathOf(channel: string): string {
  const prefix = channelPrefix(channel);
  return `/${prefix === 'room' ? 'r' : 'b'}/${channel.slice(prefix.length + 1)}`;
}

/** Goes to a place, as a step that "back" takes back. */
export function goTo(path: string): void {
  if (path === location.pathname) return;
  history.pushState({ from: location.pathname }, '', path);
  for (const run of listeners) run();
}

/** Back to where all the rooms are: by the step that led here where it came from there, so that no steps pile up. */
export function goToRooms(): void {
  const state: unknown = history.state;
  if (typeof state === 'object' && state !== null && 'from' in state && state.from === pathOfRooms) history.back();
  else goTo(pathOfRooms);
}

/** For a link to a place of ours: a click stays on the page; one that asks for a new tab gets it. */
export function follow(event: MouseEvent, path: string, go: (path: string) => void = goTo): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(path);
}

/** Any other address becomes that of the standard room, without a step of its own. */
export function settle(): void {
  if (placeOf(location.pathname) === undefined) history.replaceState(null, '', standard);
}

export function usePlace(): Place {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  return useMemo(() => placeOf(path) ?? { view: 'room', channel: 'room:general' }, [path]);
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  window.addEventListener('popstate', run);
  return () => {
    listeners.delete(run);
    window.removeEventListener('popstate', run);
  };
}
