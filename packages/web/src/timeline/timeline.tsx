import type { Channel } from '@hubbub/client/react/channel';
import { ArrowDown } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import type { Edge } from './earlier.ts';
import { OwnView } from './own.tsx';
import type { Reading } from './reading.ts';
import { RowView } from './row.tsx';
import { dayText, type Row } from './rows.ts';
import { isNewest, missingBetween } from './window.ts';

interface TimelineProps {
  /** What people call the room. */
  readonly title: string;
  readonly user: string | undefined;
  readonly channel: Channel<Row>;
  /** What we have said and is not among the rows. */
  readonly own: Channel<Row>['own'];
  readonly reading: Reading;
}

export function Timeline({ title, user, channel, own, reading }: TimelineProps): ReactNode {
  const { items, state } = channel;
  const { rows, follows, below, edge, scroller, content, onScroll, toNewest } = reading;
  const first = rows[0];
  const last = rows.at(-1);
  const atEnd = follows || isNewest(rows, items);
  const goesOn = last?.kind === 'message' && last.from === user;
  // Lines about the room are not talk.
  const silent = atEnd && state.state === 'live' && own.length === 0 && (last?.n ?? 0) === 0;

  return (
    <div className="reading">
      <div
        className="scroller"
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by who has only a keyboard
        tabIndex={0}
        role="log"
        aria-label="Messages"
        // What was said before one came is not news.
        aria-live={follows && state.state === 'live' ? 'polite' : 'off'}
      >
        <div ref={content}>
          {first && <p className="edge">{edgeText(title, first.offset, edge)}</p>}
          <ol className="rows">
            {rows.map((row, at) => (
              <Fragment key={row.offset}>
                <Above above={rows[at - 1]} row={row} />
                <RowView row={row} />
              </Fragment>
            ))}
            {atEnd &&
              own.map((event, at) => (
                <OwnView
                  key={event.id}
                  event={event}
                  user={user}
                  head={at === 0 && !goesOn}
                  onRetry={channel.retry}
                  onDiscard={channel.discard}
                />
              ))}
          </ol>
          {silent && (
            <p className="empty">
              Nobody has said anything in <b>{title}</b> yet. Write the first line below; whoever opens this address reads it.
            </p>
          )}
        </div>
        {!follows && (
          // Inside of what scrolls: a wheel that turns over it shall scroll, too.
          <div className="float">
            <button type="button" className="pill" onClick={toNewest}>
              {below > 0 ? `${below.toLocaleString()} new` : 'to the newest'} <ArrowDown size={14} aria-hidden="true" />
            </button>
          </div>
        )}
      </div>
    </div>
  );
}

/** What stands above the first row: always a line, so that nothing moves when its words change. */
function edgeText(title: string, offset: number, { first, slow, refused }: Edge): string {
  if (offset === 1) return `This is where ${title} begins.`;
  if (first !== undefined && offset <= first) return 'What was said before is no longer kept.';
  if (refused !== undefined) return `What was said before cannot be read: ${refused}.`;
  return slow ? 'Earlier lines are on their way…' : 'Earlier lines come as you scroll.';
}

/** The lines that stand between two rows. */
function Above({ above, row }: { readonly above: Row | undefined; readonly row: Row }): ReactNode {
  const missing = missingBetween(above, row);
  return (
    <>
      {missing > 0 && above && <li className="missing">{missing.toLocaleString()} lines between these are not shown here</li>}
      {(row.newDay || !above) && (
        <li className="day">
          <span>{dayText(row.ts, Date.now())}</span>
        </li>
      )}
    </>
  );
}
