/** The marks of this device, in the browser's storage; tabs take in each other's. */
import type { InboxSnapshot } from '@hubbub/client/react/inbox';
import { useSyncExternalStore } from 'react';
import { load, save, storageKey } from '../storage.ts';
import { type Marks, merged, noMarks, parseMarks, raised, settled, unread } from './marks.ts';

/** They are kept so much later, in milliseconds: a busy room has thousands of lines a second. */
const settling = 300;
let marks = parseMarks(load('read'));
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** How many messages of a channel that stands at `n` were not seen yet. Renders when the number changes, not with every mark. */
export function useUnread(channel: string, n: number | undefined): number {
  return useSyncExternalStore(subscribe, () => unreadNow(channel, n));
}

/** The same, asked once. `n` undefined: nobody has told. */
export function unreadNow(channel: string, n: number | undefined): number {
  return n === undefined ? 0 : unread(marks, channel, n);
}

/** The channel has been seen up to `n`. */
export function markRead(channel: string, n: number): void {
  change(raised(marks, channel, n));
}

/** It was told where all channels of mine stand. */
export function settleMarks({ state, epoch, channels }: InboxSnapshot): void {
  if (state === 'known') change(settled(marks, epoch, channels));
}

export function forgetMarks(): void {
  clearTimeout(timer);
  timer = undefined;
  save('read', '');
  show(noMarks);
}

function change(to: Marks): void {
  if (to === marks) return;
  timer ??= setTimeout(keep, settling);
  show(to);
}

function show(to: Marks): void {
  if (to === marks) return;
  marks = to;
  for (const run of listeners) run();
}

/** Another tab may have kept what we have not been told of yet. */
function keep(): void {
  clearTimeout(timer);
  timer = undefined;
  show(merged(marks, parseMarks(load('read'))));
  save('read', JSON.stringify(marks));
}

function subscribe(run: () => void): () => void {
  if (listeners.size === 0) {
    window.addEventListener('storage', onStorage);
    window.addEventListener('pagehide', onLeave);
  }
  listeners.add(run);
  return () => {
    listeners.delete(run);
    if (listeners.size > 0) return;
    window.removeEventListener('storage', onStorage);
    window.removeEventListener('pagehide', onLeave);
  };
}

function onStorage({ key, newValue }: StorageEvent): void {
  if (key === storageKey('read')) show(newValue === null ? noMarks : merged(marks, parseMarks(newValue)));
}

function onLeave(): void {
  if (timer !== undefined) keep();
}
