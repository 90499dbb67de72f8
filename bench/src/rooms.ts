import { connect, type Draft } from '@hubbub/client';
import { makeBody } from './dialects.ts';

/** So many rooms are spoken in at a time. */
const atOnce = 50;

/** Names of `count` rooms. */
export function roomNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `room:hall-${at + 1}`);
}

/** Makes rooms, in which every guest may read and send from then on. Resolves when they are there. */
export function makeRooms(port: number, rooms: readonly string[]): Promise<void> {
  return sendInEach(port, rooms, () => [{ kind: 'create', body: {} }]);
}

export interface Words {
  readonly events: number;
  readonly bodyBytes: number;
}

/** Somebody sends events to each of the rooms. Resolves when they are acknowledged. */
export function speak(port: number, rooms: readonly string[], { events, bodyBytes }: Words): Promise<void> {
  return sendInEach(port, rooms, () =>
    Array.from({ length: events }, (_, at) => ({ kind: 'message', body: makeBody(at + 1, 0, bodyBytes) })),
  );
}

async function sendInEach(port: number, rooms: readonly string[], drafts: () => readonly Draft[]): Promise<void> {
  const speaker = connect({ url: `http://127.0.0.1:${port}`, credentials: { name: 'bench speaker' } });
  try {
    for (let at = 0; at < rooms.length; at += atOnce) {
      const some = rooms.slice(at, at + atOnce);
      await Promise.all(some.flatMap((room) => drafts().map((draft) => speaker.send(room, draft))));
    }
  } finally {
    speaker.close();
  }
}
