import { useCallback, useId, useState, useSyncExternalStore } from 'react';
import { load, save } from '../storage.ts';

/** The list of people stands beside a room where there is width for it, and opens and closes there; else it is a sheet over the page. */
export interface PeopleView {
  readonly button:
    | { readonly as: 'column'; readonly open: boolean; readonly toggle: () => void }
    | { readonly as: 'sheet'; readonly id: string };
  readonly list: { readonly as: 'column' | 'sheet'; readonly open: boolean; readonly id: string };
}

const wide = '(min-width: 900px)';

/** `always`: a sheet, however wide the page is. */
export function usePeople(always?: 'sheet'): PeopleView {
  const id = useId();
  const isWide = useMedia(wide) && always === undefined;
  const [open, setOpen] = useState(() => load('people') !== 'closed');
  const toggle = (): void => {
    setOpen(!open);
    save('people', open ? 'closed' : '');
  };
  return isWide
    ? { button: { as: 'column', open, toggle }, list: { as: 'column', open, id } }
    : { button: { as: 'sheet', id }, list: { as: 'sheet', open: true, id } };
}

function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (run: () => void) => {
      const media = matchMedia(query);
      media.addEventListener('change', run);
      return () => media.removeEventListener('change', run);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
