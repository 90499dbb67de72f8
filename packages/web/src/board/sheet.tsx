import type { Channel } from '@hubbub/client/react/channel';
import { type CSSProperties, type ReactNode, useEffect, useLayoutEffect, useRef } from 'react';
import { hueOf, nameOf } from '../people.ts';
import { useOthers } from './others.ts';
import { type Loose, Paper } from './paper.ts';
import { usePen } from './pen.ts';
import { type Stroke, paper as size, strokeOf } from './stroke.ts';
import type { Tool } from './toolbar.tsx';

/** A stroke that is acknowledged sooner is not shown dimmed before, in milliseconds. */
const patience = 400;

interface SheetProps {
  readonly channel: Channel<unknown>;
  readonly strokes: readonly Stroke[];
  /** Strokes of ours that are not among them. */
  readonly own: Channel<unknown>['own'];
  readonly tool: Tool;
  readonly onStroke: (stroke: Stroke) => void;
  readonly children: ReactNode;
}

/** The paper, as large as there is room for all of it, and what people do on it. */
export function Sheet({ channel, strokes, own, tool, onStroke, children }: SheetProps): ReactNode {
  const area = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const log = useRef<HTMLCanvasElement>(null);
  const loose = useRef<HTMLCanvasElement>(null);
  const paper = useRef<Paper>(undefined);
  const frame = useRef(0);
  /** Ours, from the pen's lifting until the channel has told of them; and when each was finished. */
  const finished = useRef<readonly Stroke[]>([]);
  const finishedAt = useRef(new Map<string, number>());
  const others = useOthers(channel);

  const paint = (): void => {
    const onPaper = paper.current;
    if (!onPaper) return;
    const sent = own.flatMap((event) => {
      const stroke = strokeOf(event);
      const late = Date.now() - (finishedAt.current.get(event.id) ?? 0) >= patience;
      return stroke ? [{ stroke, dimmed: late && event.state !== 'stored' }] : [];
    });
    const told = new Set(own.map(({ id }) => id));
    finished.current = finished.current.filter(({ id }) => !told.has(id) && !onPaper.has(id));
    for (const id of finishedAt.current.keys()) if (onPaper.has(id)) finishedAt.current.delete(id);
    const bare = (stroke: Stroke): Loose => ({ stroke, dimmed: false });
    const drawing = others.flatMap(({ stroke }) => (stroke && !onPaper.has(stroke.id) ? [stroke] : []));
    onPaper.showLoose([
      ...drawing.map(bare),
      ...sent,
      ...finished.current.map(bare),
      ...(pen.running.current ? [bare(pen.running.current)] : []),
    ]);
  };
  const latestPaint = useRef(paint);
  const repaint = (): void => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      latestPaint.current();
    });
  };

  const pen = usePen({
    tool,
    element: loose,
    onChange: repaint,
    onDrawing: (drawing) => {
      if (channel.presence?.signals !== false) channel.signal('drawing', drawing);
    },
    onStroke: (stroke) => {
      finished.current = [...finished.current, stroke];
      finishedAt.current.set(stroke.id, Date.now());
      setTimeout(repaint, patience);
      onStroke(stroke);
    },
  });

  useLayoutEffect(() => {
    if (!area.current || !sheet.current || !log.current || !loose.current) return;
    const [room, place, drawn] = [area.current, sheet.current, new Paper(log.current, loose.current)];
    paper.current = drawn;
    const fit = (): void => {
      const scale = Math.min(room.clientWidth / size.width, room.clientHeight / size.height);
      const [width, height] = [Math.floor(size.width * scale), Math.floor(size.height * scale)];
      place.style.width = `${width}px`;
      place.style.height = `${height}px`;
      drawn.resize(width, height);
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(room);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const onTheme = (): void => drawn.redraw();
    dark.addEventListener('change', onTheme);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', onTheme);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, []);
  useLayoutEffect(() => paper.current?.show(strokes, channel.generation), [strokes, channel.generation]);
  // After every render: whatever has changed may have changed what is loose. What has come into the log goes off it in the same frame.
  useEffect(() => {
    latestPaint.current = paint;
    paint();
  });

  return (
    <div className="sheet-area" ref={area}>
      <div className="sheet" ref={sheet}>
        <canvas className="log" ref={log} role="img" aria-label={`A drawing of ${strokes.length.toLocaleString()} strokes`} />
        <canvas className="loose" ref={loose} {...pen.handlers} />
        {others.map(({ user, at, faded }) => (
          <span
            key={user}
            className="pen"
            data-faded={faded}
            style={
              { left: `${(at[0] / size.width) * 100}%`, top: `${(at[1] / size.height) * 100}%`, '--hue': hueOf(user) } as CSSProperties
            }
            aria-hidden="true"
          >
            {nameOf(user)}
          </span>
        ))}
        {children}
      </div>
    </div>
  );
}
