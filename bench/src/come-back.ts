import { pause } from './clock.ts';

/** The server lets nobody in for the moment; it says when to come back, on a new link. */
export class ComeBack extends Error {
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`to come back after ${afterMs} ms`);
    this.afterMs = afterMs;
  }
}

/** Comes in by `enter`, however often it takes: a server that is to last lets a thousand in one after the other. */
export async function comeIn<Entered>(enter: () => Promise<Entered>): Promise<Entered> {
  for (;;) {
    try {
      return await enter();
    } catch (error) {
      if (!(error instanceof ComeBack)) throw error;
      await pause(error.afterMs);
    }
  }
}
