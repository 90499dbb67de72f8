import type { Event } from '@hubbub/client';
import { type ChannelOptions, useChannel } from '@hubbub/client/react/channel';
import { useStatus } from '@hubbub/client/react/status';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { Header } from '../header.tsx';
import { People } from '../here/people.tsx';
import { usePeople } from '../here/use-people.ts';
import type { Opened } from '../opened.ts';
import { Absent } from '../room/absent.tsx';
import { setTopic, useTopic } from '../room/topic.ts';
import { useMembership } from '../rooms/membership.ts';
import { titleOf } from '../route.ts';
import { Sheet } from './sheet.tsx';
import { partsOf, type Stroke, strokeOf } from './stroke.ts';
import { type Tool, Toolbar } from './toolbar.tsx';
import '../style/board.css';

/** An event of a board, as far as it is of use here. */
interface Entry {
  readonly offset: number;
  readonly kind: string;
  readonly stroke: Stroke | undefined;
}

/** All that was ever drawn is on the paper. */
const options: ChannelOptions<Entry> = {
  keep: Number.POSITIVE_INFINITY,
  item: (event: Event) => ({ offset: event.offset, kind: event.kind, stroke: strokeOf(event) }),
  presence: true,
};

/** A room to draw in. Give it the channel as key. */
export function Board({ client, inbox, channel: name, user, onMade }: Opened): ReactNode {
  const title = titleOf(name);
  const status = useStatus(client);
  const channel = useChannel(client, name, options);
  const membership = useMembership(client, name, inbox);
  const people = usePeople('sheet');
  const [tool, setTool] = useState<Tool>({ color: 'ink', width: 6 });
  const { items, generation, presence, state } = channel;
  const topic = useTopic(client, name, generation, items.findLast(({ kind }) => kind === 'topic')?.offset);
  const strokes = useMemo(() => items.flatMap(({ stroke }) => stroke ?? []), [items]);
  const own = channel.own.filter(({ kind }) => kind === 'stroke');
  const failed = own.filter((event) => event.state === 'failed');
  const waiting = own.filter((event) => event.state !== 'failed' && event.state !== 'stored').length;
  const absent = state.state === 'gone' ? state.code : undefined;

  useEffect(() => {
    document.title = `${title} · Hubbub`;
  }, [title]);

  const send = (stroke: Stroke): void => {
    membership.joinToSpeak();
    for (const [at, body] of partsOf(stroke).entries()) channel.send({ kind: 'stroke', body, ...(at === 0 && { id: stroke.id }) });
  };
  const onTopic = (text: string): void => setTopic(client, name, text);
  const there = { topic, membership, presence, people: people.button, onTopic };

  return (
    <>
      <main className="room board" data-channel={state.state} data-pending={waiting}>
        <Header client={client} status={status} what="board" title={title} waiting={waiting} {...(absent === undefined && { there })} />
        {absent !== undefined ? (
          <Absent client={client} channel={name} title={title} what="board" code={absent} onMade={onMade} />
        ) : (
          <>
            <Sheet channel={channel} strokes={strokes} own={own} tool={tool} onStroke={send}>
              {state.state === 'live' && strokes.length === 0 && own.length === 0 && (
                <p className="hint">Nothing is drawn here yet. Whoever opens this address sees what you draw, while you draw it.</p>
              )}
            </Sheet>
            <Toolbar tool={tool} onTool={setTool}>
              {failed.length > 0 && (
                <p className="failure" role="alert">
                  {failed.length === 1 ? 'A stroke was' : `${failed.length} strokes were`} not taken: {reasonOf(failed[0])}.{' '}
                  <button type="button" className="link" onClick={() => each(failed, channel.retry)}>
                    retry
                  </button>{' '}
                  <button type="button" className="link" onClick={() => each(failed, channel.discard)}>
                    discard
                  </button>
                </p>
              )}
            </Toolbar>
          </>
        )}
      </main>
      {absent === undefined && <People {...people.list} presence={presence} status={status} user={user} />}
    </>
  );
}

type Own = ReturnType<typeof useChannel<Entry>>['own'][number];

function reasonOf(event: Own | undefined): string {
  return (event && 'error' in event && event.error?.text) || 'it was refused';
}

function each(events: readonly Own[], run: (id: string) => void): void {
  for (const { id } of events) run(id);
}
