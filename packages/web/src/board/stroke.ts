/** What a stroke is: as people draw it, as the log has it (kind `stroke`), and as it is on its way (in signals of kind `drawing`). */
import type { Event } from '@hubbub/client';
import { limits } from '@hubbub/protocol/limits';

/** The paper is so large, in units of its own, on every screen. */
export const paper = { width: 3_200, height: 2_000 } as const;
export const colours = ['ink', 'red', 'orange', 'green', 'blue', 'violet'] as const;
/** In units of the paper. */
export const widths = [6, 14, 32] as const;

export type Colour = (typeof colours)[number];

export interface Stroke {
  readonly id: string;
  readonly color: Colour;
  readonly width: number;
  /** x, y, x, y, …: whole units of the paper. */
  readonly points: readonly number[];
}

/** As it is sent; its id is that of its event. */
export type StrokeBody = Omit<Stroke, 'id'>;

/** Where somebody's pen is, and what it has drawn since it was put down. */
export interface Drawing {
  readonly at: readonly [x: number, y: number];
  readonly stroke?: Stroke;
}

/** Room for the members around the points. */
const framing = 64;
/** So many points of a stroke that is not finished fit into a signal, whatever they are. */
const previewPoints = 80;
/** A step of the pen that is smaller, in units of the paper, is none. */
const smallest = 3;

/** The stroke that an event is; undefined for every other event, and for a body that is none: anybody may send any. */
export function strokeOf({ id, kind, body }: Pick<Event, 'id' | 'kind' | 'body'>): Stroke | undefined {
  return kind === 'stroke' ? strokeIn(body, id) : undefined;
}

/** What a signal says; undefined where it says nothing that can be drawn. */
export function drawingOf(body: unknown): Drawing | undefined {
  if (typeof body !== 'object' || body === null || !('at' in body) || !isPoints(body.at) || body.at.length !== 2) return undefined;
  const [x = 0, y = 0] = body.at;
  const { stroke } = body as { stroke?: unknown };
  const id = typeof stroke === 'object' && stroke !== null && 'id' in stroke ? stroke.id : undefined;
  const drawn = typeof id === 'string' ? strokeIn(stroke, id) : undefined;
  return { at: [x, y], ...(drawn && { stroke: drawn }) };
}

function strokeIn(body: unknown, id: string): Stroke | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { color, width, points } = body as { color?: unknown; width?: unknown; points?: unknown };
  if (typeof width !== 'number' || !(width >= 1 && width <= 200) || !isPoints(points) || points.length < 2) return undefined;
  return { id, color: colours.find((one) => one === color) ?? 'ink', width, points };
}

function isPoints(points: unknown): points is number[] {
  return Array.isArray(points) && points.length % 2 === 0 && points.every((one) => Number.isSafeInteger(one));
}

/** Adds a place to a stroke's points, on the paper and in whole units; says whether the pen has moved at all. */
export function addPoint(points: number[], x: number, y: number): boolean {
  const [nextX, nextY] = [clamp(x, paper.width), clamp(y, paper.height)];
  const [lastX, lastY] = points.slice(-2);
  if (lastX !== undefined && lastY !== undefined && Math.hypot(nextX - lastX, nextY - lastY) < smallest) return false;
  points.push(nextX, nextY);
  return true;
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, Math.round(value)));
}

/** The bodies of the events that a finished stroke becomes: one, unless it is too long for one. Each part begins where the former ends. */
export function partsOf({ color, width, points }: StrokeBody): readonly StrokeBody[] {
  const parts: StrokeBody[] = [];
  let part: number[] = [];
  let bytes = framing;
  for (let at = 0; at < points.length; at += 2) {
    const point = points.slice(at, at + 2);
    const more = `${point},`.length;
    if (bytes + more > limits.bodyBytes) {
      parts.push({ color, width, points: part });
      part = part.slice(-2);
      bytes = framing + `${part},`.length;
    }
    part.push(...point);
    bytes += more;
  }
  return [...parts, { color, width, points: part }];
}

/** The stroke with so few of its points that a signal can carry it: first and last among them, the others at even distances. */
export function preview(stroke: Stroke): Stroke {
  const count = stroke.points.length / 2;
  if (count <= previewPoints) return stroke;
  const points: number[] = [];
  for (let at = 0; at < previewPoints; at++) {
    const from = Math.round((at * (count - 1)) / (previewPoints - 1)) * 2;
    points.push(...stroke.points.slice(from, from + 2));
  }
  return { ...stroke, points };
}
