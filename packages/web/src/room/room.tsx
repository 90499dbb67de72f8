import { type ChannelOptions, useChannel } from '@hubbub/client/react/channel';
import { useStatus } from '@hubbub/client/react/status';
import { type ReactNode, useEffect } from 'react';
import { Composer } from '../composer.tsx';
import { Header } from '../header.tsx';
import { People } from '../here/people.tsx';
import { usePeople } from '../here/use-people.ts';
import type { Opened } from '../opened.ts';
import { nameOf } from '../people.ts';
import { markRead } from '../rooms/kept-marks.ts';
import { useMembership } from '../rooms/membership.ts';
import { titleOf } from '../route.ts';
import { useReading } from '../timeline/reading.ts';
import { type Row, rowOf } from '../timeline/rows.ts';
import { Timeline } from '../timeline/timeline.tsx';
import { useVisible } from '../visible.ts';
import { Absent } from './absent.tsx';
import { setTopic, useTopic } from './topic.ts';
import { useTyping } from './typing.ts';

const options: ChannelOptions<Row> = { keep: 2_000, maxGap: 200, item: rowOf, presence: true };

/** One room. Give it the channel as key: nothing of one is of use in another. */
export function Room({ client, inbox, channel: name, user, onMade }: Opened): ReactNode {
  const title = titleOf(name);
  const status = useStatus(client);
  const channel = useChannel(client, name, options);
  const reading = useReading(channel);
  const typing = useTyping(channel, user);
  const membership = useMembership(client, name, inbox);
  const people = usePeople();
  const topic = useTopic(client, name, channel.generation, channel.items.findLast(({ kind }) => kind === 'topic')?.offset);
  const own = channel.own.filter(({ kind }) => kind === 'message');
  const waiting = own.filter(({ state }) => state !== 'failed' && state !== 'stored').length;
  const absent = channel.state.state === 'gone' ? channel.state.code : undefined;
  const visible = useVisible();
  const { read } = reading;

  useEffect(() => {
    document.title = `${title} · Hubbub`;
  }, [title]);
  useEffect(() => {
    if (visible && read !== undefined) markRead(name, read);
  }, [visible, name, read]);

  const onTopic = (text: string): void => setTopic(client, name, text);
  const there = { topic, membership, presence: channel.presence, people: people.button, onTopic };

  return (
    <>
      <main className="room" data-channel={channel.state.state}>
        <Header client={client} status={status} what="room" title={title} waiting={waiting} {...(absent === undefined && { there })} />
        {absent === undefined || own.length > 0 ? (
          <Timeline title={title} user={user} channel={channel} own={own} reading={reading} />
        ) : null}
        {absent !== undefined ? (
          <Absent client={client} channel={name} title={title} what="room" code={absent} onMade={onMade} />
        ) : (
          <>
            <p className="typing">{typingText(typing.users.map(nameOf))}</p>
            <Composer
              channel={name}
              title={title}
              onType={typing.onType}
              onSend={(body) => {
                membership.joinToSpeak();
                channel.send({ kind: 'message', body });
                typing.onSent();
                // Whoever speaks wants to see it.
                reading.toNewest();
              }}
            />
          </>
        )}
      </main>
      {absent === undefined && <People {...people.list} presence={channel.presence} status={status} user={user} />}
    </>
  );
}

function typingText(names: readonly string[]): string {
  if (names.length === 0) return '';
  if (names.length > 3) return `${names.length} people are typing`;
  return `${new Intl.ListFormat('en').format(names)} ${names.length === 1 ? 'is' : 'are'} typing`;
}
