import { memo, type ReactNode } from 'react';
import { nameOf } from '../people.ts';
import { Avatar } from './avatar.tsx';
import { linkify } from './links.ts';
import { clockText, momentText, type Row } from './rows.ts';

/** Plain text with its links. */
export function Text({ text }: { readonly text: string }): ReactNode {
  return linkify(text).map(({ text, href }, at) =>
    href === undefined ? (
      text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change
      <a key={at} href={href} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    ),
  );
}

function Time({ ts }: { readonly ts: number }): ReactNode {
  return (
    <time className="time" dateTime={new Date(ts).toISOString()} title={momentText(ts)}>
      {clockText(ts)}
    </time>
  );
}

/** A row never changes: with thousands of events a second, only the new ones are rendered. */
export const RowView = memo(function RowView({ row }: { readonly row: Row }): ReactNode {
  const { kind, from, text, ts, offset } = row;
  switch (kind) {
    case 'other':
      return <li data-offset={offset} hidden />;
    case 'note':
    case 'topic':
      return (
        <li className="row note" data-offset={offset}>
          <Time ts={ts} />
          <p className="text">
            <Text text={text} />
          </p>
        </li>
      );
    case 'action':
      return (
        <li className="row action" data-offset={offset}>
          <Avatar user={from} />
          <p className="text">
            <b className="name">{nameOf(from)}</b> <Text text={text} />
          </p>
          <Time ts={ts} />
        </li>
      );
    case 'message':
    case 'deleted':
      return (
        <li className={row.head ? 'row head' : 'row'} data-offset={offset}>
          {row.head ? <Avatar user={from} /> : <Time ts={ts} />}
          {row.head ? (
            <p className="who">
              <b className="name">{nameOf(from)}</b> <Time ts={ts} />
            </p>
          ) : (
            <span className="unseen">{nameOf(from)}: </span>
          )}
          {kind === 'deleted' ? (
            <p className="text gone">deleted</p>
          ) : (
            <p className="text">
              <Text text={text} />
            </p>
          )}
        </li>
      );
  }
});
