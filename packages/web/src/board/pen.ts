import { platformEnv } from '@hubbub/client/platform/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { type PointerEvent, type RefObject, useEffect, useRef } from 'react';
import { addPoint, type Drawing, paper, preview, type Stroke } from './stroke.ts';
import type { Tool } from './toolbar.tsx';

/** The server takes ten signals a second; a little slower, none is lost. In milliseconds. */
const pace = 110;

interface PenProps {
  readonly tool: Tool;
  /** What is drawn on. */
  readonly element: RefObject<HTMLElement | null>;
  /** The stroke under the pen has changed. */
  readonly onChange: () => void;
  /** Where the pen is, and what it draws: for the others, every now and then. */
  readonly onDrawing: (drawing: Drawing) => void;
  /** The pen was lifted. */
  readonly onStroke: (stroke: Stroke) => void;
}

type Running = Stroke & { readonly points: number[] };
type Handler = (event: PointerEvent) => void;

export interface Pen {
  /** The stroke under the pen. */
  readonly running: RefObject<Stroke | undefined>;
  readonly handlers: Readonly<Record<'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel', Handler>>;
}

/** A mouse, a finger or a pen that draws one stroke at a time. */
export function usePen({ tool, element, onChange, onDrawing, onStroke }: PenProps): Pen {
  const running = useRef<Running>(undefined);
  const told = useRef<{ readonly at: number; readonly timer?: ReturnType<typeof setTimeout> }>({ at: 0 });

  useEffect(() => () => clearTimeout(told.current.timer), []);

  const placeOf = ({ clientX, clientY }: { readonly clientX: number; readonly clientY: number }): readonly [number, number] => {
    const { left, top, width, height } = element.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return [((clientX - left) / width) * paper.width, ((clientY - top) / height) * paper.height];
  };

  const tell = (x: number, y: number): void => {
    const say = (): void => {
      told.current = { at: Date.now() };
      onDrawing({ at: [Math.round(x), Math.round(y)], ...(running.current && { stroke: preview(running.current) }) });
    };
    clearTimeout(told.current.timer);
    const rest = told.current.at + pace - Date.now();
    if (rest <= 0) say();
    // The newest counts: what was to be said before is not said.
    else told.current = { at: told.current.at, timer: setTimeout(say, rest) };
  };

  const draw = (event: PointerEvent): void => {
    const stroke = running.current;
    const all = event.nativeEvent.getCoalescedEvents?.() ?? [];
    const [x, y] = placeOf(event);
    if (stroke) {
      const moved = (all.length > 0 ? all : [event]).map((one) => addPoint(stroke.points, ...placeOf(one)));
      if (moved.includes(true)) onChange();
    }
    tell(x, y);
  };

  const lift = (event: PointerEvent): void => {
    const stroke = running.current;
    if (!event.isPrimary || !stroke) return;
    running.current = undefined;
    onStroke(stroke);
    onChange();
    // Without the stroke: it is in the log from now on, and what was to be said of it is not.
    tell(...placeOf(event));
  };

  return {
    running,
    handlers: {
      onPointerDown: (event) => {
        if (!event.isPrimary || event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        running.current = { id: uuidv7(platformEnv()), color: tool.color, width: tool.width, points: [] };
        draw(event);
      },
      onPointerMove: (event) => {
        if (event.isPrimary) draw(event);
      },
      onPointerUp: lift,
      // What the browser has taken away was drawn all the same.
      onPointerCancel: lift,
    },
  };
}
