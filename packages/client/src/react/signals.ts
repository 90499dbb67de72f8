import { useEffect, useEffectEvent } from 'react';
import type { Signal } from '../client.ts';
import type { Channel } from './channel.ts';

/** Calls `run`, the one of the latest render, for every signal that comes in the channel while the component is there. */
export function useSignals({ onSignal }: Pick<Channel<unknown>, 'onSignal'>, run: (signal: Signal) => void): void {
  const latest = useEffectEvent(run);
  useEffect(() => onSignal((signal) => latest(signal)), [onSignal]);
}
