import { X } from 'lucide-react';
import { type ReactNode, useSyncExternalStore } from 'react';

let text = '';
const listeners = new Set<() => void>();

/** Says something once, over whatever is shown, until it is taken away. */
export function tell(words: string): void {
  text = words;
  for (const run of listeners) run();
}

export function Notice(): ReactNode {
  const words = useSyncExternalStore(subscribe, () => text);
  return (
    <div className="notice" role="status" aria-label="Notice">
      {words !== '' && (
        <p>
          {words}
          <button type="button" className="icon" aria-label="Take this away" onClick={() => tell('')}>
            <X size={16} aria-hidden="true" />
          </button>
        </p>
      )}
    </div>
  );
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  return () => listeners.delete(run);
}
