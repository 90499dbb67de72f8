import type { SendReply } from '@hubbub/protocol/frames';
import { Clock } from './clock.fixture.ts';
import type { Ack } from './draft.ts';
import { HubbubError } from './error.ts';
import { Outbox } from './outbox.ts';
import type { KeptEvent, OutboxStore } from './outbox-store.ts';

interface SentDraft {
  readonly id: string;
  readonly kind: string;
  readonly body: unknown;
}

/** One command on its way. */
export interface Command {
  readonly channel: string;
  /** The drafts' text as it goes on the wire. */
  readonly text: string;
  readonly events: readonly SentDraft[];
  reply(results: SendReply['results']): void;
  fail(code: string, retryAfter?: number): void;
}

export const idOf = (number: number): string => `0198c0de-0000-7000-8000-${String(number).padStart(12, '0')}`;
export const sent = (offset: number) => ({ offset, n: offset, ts: 1 });
export const failed = (code: string, retryAfter?: number) => ({
  error: { code, text: `it is ${code}`, ...(retryAfter !== undefined && { retryAfter }) },
});

/** Event `number` as a store keeps it, of nobody unless `more` says so. */
export const kept = (number: number, more: Partial<KeptEvent> = {}): KeptEvent => ({
  ...{ id: idOf(number), channel: 'room:x', text: `{"id":"${idOf(number)}","kind":"message","body":${number}}` },
  ...more,
});

/** An outbox whose commands are answered by hand. */
export function setUp(changed: (channel: string) => void = () => {}, store?: OutboxStore) {
  const clock = new Clock();
  const commands: Command[] = [];
  const outbox = new Outbox({
    env: clock,
    store,
    send: (channel, text) =>
      new Promise((resolve, reject) => {
        commands.push({
          channel,
          text,
          events: JSON.parse(`[${text}]`) as SentDraft[],
          reply: (results) => resolve({ epoch: 'e1', results }),
          fail: (code, retryAfter) => reject(new HubbubError(code, `it is ${code}`, retryAfter)),
        });
      }),
    changed,
  });
  const ends = new Map<number, Ack | string>();
  /** Adds event `number`; what becomes of it is told by `ends`: the ack, or the code. */
  const add = (number: number, channel = 'room:x', body: unknown = number): void => {
    outbox.add(channel, { kind: 'message', body, id: idOf(number) }).then(
      (ack) => void ends.set(number, ack),
      (error: unknown) => void ends.set(number, error instanceof HubbubError ? error.code : String(error)),
    );
  };
  /** The numbers of the events of a command, in their order. */
  const numbers = (at = commands.length - 1): number[] => (commands[at]?.events ?? []).map(({ id }) => Number(id.slice(-12)));
  const states = (channel = 'room:x'): string[] => outbox.list(channel).map(({ state }) => state);
  const last = (): Command => {
    const command = commands.at(-1);
    if (!command) throw new Error('no command was sent');
    return command;
  };
  return { clock, outbox, commands, last, add, ends, numbers, states };
}
