import { connect, type Draft } from '@hubbub/client';
import { makeBody } from './dialects.ts';
import type { Running } from './systems.ts';

/** Who speaks in them: a server of ours. */
type Ours = Pick<Running, 'port' | 'serviceKey'>;

/** So many rooms are spoken in at a time. */
const atOnce = 50;

/** Names of `count` rooms. */
export function roomNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `room:hall-${at + 1}`);
}

/** Makes rooms, in which every guest may read and send from then on. Resolves when they are there. */
export function makeRooms(ours: Ours, rooms: readonly string[]): Promise<void> {
  return sendInEach(ours, rooms, () => [{ kind: 'create', body: {} }]);
}

export interface Words {
  readonly events: number;
  readonly bodyBytes: number;
}

/** Somebody sends events to each of the rooms. Resolves when they are acknowledged. */
export function speak(ours: Ours, rooms: readonly string[], { events, bodyBytes }: Words): Promise<void> {
  return sendInEach(ours, rooms, () =>
    Array.from({ length: events }, (_, at) => ({ kind: 'message', body: makeBody(at + 1, 0, bodyBytes) })),
  );
}

async function sendInEach({ port, serviceKey = '' }: Ours, rooms: readonly string[], drafts: () => readonly Draft[]): Promise<void> {
  const speaker = connect({ url: `http://127.0.0.1:${port}`, credentials: { token: serviceKey } });
  try {
    for (let at = 0; at < rooms.length; at += atOnce) {
      const some = rooms.slice(at, at + atOnce);
      await Promise.all(some.flatMap((room) => drafts().map((draft) => speaker.send(room, draft))));
    }
  } finally {
    speaker.close();
  }
}
