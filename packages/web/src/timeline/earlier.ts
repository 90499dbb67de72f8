import type { Event } from '@hubbub/client';
import type { Channel } from '@hubbub/client/react/channel';
import { useEffect, useRef, useState } from 'react';

/** What is known of what stands above the rows of the page. */
export interface Edge {
  /** The first event that is kept, once a page has told. */
  readonly first: number | undefined;
  /** A page is on its way, and lets one wait. */
  readonly slow: boolean;
  /** Why no page came. */
  readonly refused: string | undefined;
}

export interface Earlier {
  readonly edge: Edge;
  /** Fetches a page, unless one is on its way; `take` gets its events. */
  readonly fetch: (side: 'before' | 'after', offset: number, take: (events: readonly Event[]) => void) => void;
}

/** No sign of waiting before: most pages are there sooner. */
const slowAfter = 400;
const unknown: Edge = { first: undefined, slow: false, refused: undefined };

/** Pages of the log that the room does not hold, one at a time. `generation`: with another one all that is known is void. */
export function useEarlier(page: Channel<unknown>['page'], generation: number): Earlier {
  const [edge, setEdge] = useState(unknown);
  const underWay = useRef<AbortController>(undefined);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the page belongs to the generation
  useEffect(() => {
    setEdge(unknown);
    return () => {
      underWay.current?.abort();
      underWay.current = undefined;
    };
  }, [page, generation]);

  const fetch: Earlier['fetch'] = (side, offset, take) => {
    if (underWay.current || (side === 'before' && edge.first !== undefined && offset <= edge.first)) return;
    const abort = new AbortController();
    underWay.current = abort;
    const timer = setTimeout(() => setEdge((before) => ({ ...before, slow: true })), slowAfter);
    page(side, offset, abort.signal)
      .then(
        ({ events, first }) => {
          if (abort.signal.aborted) return;
          underWay.current = undefined;
          setEdge({ first, slow: false, refused: undefined });
          take(events);
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          underWay.current = undefined;
          setEdge((before) => ({ ...before, slow: false, refused: error instanceof Error ? error.message : String(error) }));
        },
      )
      .finally(() => clearTimeout(timer));
  };

  return { edge, fetch };
}
