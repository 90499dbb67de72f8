import type { Client } from '@hubbub/client';
import { type ChannelOptions, useChannel } from '@hubbub/client/react/channel';
import { useStatus } from '@hubbub/client/react/status';
import { decodeName } from '@hubbub/protocol/names';
import { type ReactNode, useEffect } from 'react';
import { Banner } from './banner.tsx';
import { Composer } from './composer.tsx';
import { Rooms } from './rooms.tsx';
import { rememberRoom } from './route.ts';
import { ownUser } from './session.ts';
import { useReading } from './timeline/reading.ts';
import { type Row, rowOf } from './timeline/rows.ts';
import { Timeline } from './timeline/timeline.tsx';

const options: ChannelOptions<Row> = { keep: 2_000, maxGap: 200, item: rowOf };

/** One room. Give it the room as key: nothing of one is of use in another. */
export function Room({ client, room }: { readonly client: Client; readonly room: string }): ReactNode {
  const title = decodeName(room) ?? room;
  const status = useStatus(client);
  const user = ownUser(client);
  const channel = useChannel(client, `room:${room}`, options);
  const reading = useReading(channel);
  const waiting = channel.own.filter(({ state }) => state !== 'failed' && state !== 'stored').length;

  useEffect(() => {
    document.title = `${title} · Hubbub`;
    rememberRoom(room);
  }, [room, title]);

  return (
    <div className="page">
      <a className="skip" href="#composer">
        Skip to writing
      </a>
      <Rooms room={room} user={user} />
      <main className="room">
        <header>
          <h1>{title}</h1>
          <Banner client={client} status={status} waiting={waiting} />
        </header>
        <Timeline title={title} user={user} channel={channel} reading={reading} />
        <Composer
          room={room}
          title={title}
          onSend={(body) => {
            channel.send({ kind: 'message', body });
            // Whoever speaks wants to see it.
            reading.toNewest();
          }}
        />
      </main>
    </div>
  );
}
