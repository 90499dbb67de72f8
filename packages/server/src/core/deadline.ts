import type { Env } from '@hubbub/protocol/env';

/** What `within` rejects with when time is up. */
export class Late extends Error {}

/** The promise's own end, or `Late` after `ms`: no request waits for ever. What comes later is dropped, a late rejection too. */
export function within<Value>(env: Pick<Env, 'timer'>, ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = env.timer(ms, () => reject(new Late(`no answer within ${ms} ms`)));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
