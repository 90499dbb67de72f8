import { useCallback, useSyncExternalStore } from 'react';
import type { Client, Status } from '../client.ts';

/** What the client is doing; renders anew at every change. */
export function useStatus(client: Client): Status {
  const subscribe = useCallback((run: () => void) => client.onStatus(run), [client]);
  const snapshot = useCallback(() => client.status, [client]);
  return useSyncExternalStore(subscribe, snapshot);
}
