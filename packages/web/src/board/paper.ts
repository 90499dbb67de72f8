import { type Colour, colours, paper, type Stroke } from './stroke.ts';

/** A stroke that is not in the log, or not yet. */
export interface Loose {
  readonly stroke: Pick<Stroke, 'color' | 'width' | 'points'>;
  /** Dimmed: nobody has acknowledged it. */
  readonly dimmed: boolean;
}

/** How much of a dimmed stroke is seen. */
const dim = 0.4;
/** No line is thinner, in pixels of the page: on a phone the paper is small. */
const thinnest = 1.25;

/** Two canvases, one above the other: what the log has, drawn once each, and what is loose, drawn anew at every change. */
export class Paper {
  readonly #log: CanvasRenderingContext2D;
  readonly #loose: CanvasRenderingContext2D;
  #inks: ReadonlyMap<Colour, string>;
  /** Units of the paper to dots of the canvas. */
  #scale = 1;
  /** In units of the paper. */
  #thinnest = 1;
  #strokes: readonly Stroke[] = [];
  #generation = 0;
  #drawn = 0;
  readonly #ids = new Set<string>();
  #over: readonly Loose[] = [];

  constructor(log: HTMLCanvasElement, loose: HTMLCanvasElement) {
    this.#log = contextOf(log);
    this.#loose = contextOf(loose);
    this.#inks = inksOf(log);
  }

  /** Both canvases fill this many pixels of the page from now on. */
  resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio;
    for (const { canvas } of [this.#log, this.#loose]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.#scale = (width * ratio) / paper.width;
    this.#thinnest = (thinnest * paper.width) / width;
    this.redraw();
  }

  /** Everything once more, in the colours that hold now. */
  redraw(): void {
    this.#inks = inksOf(this.#log.canvas);
    this.#clear(this.#log);
    this.#drawn = 0;
    this.#drawLog();
    this.showLoose(this.#over);
  }

  /** The strokes of the log, in its order. With the same `generation` they are those of before and more. */
  show(strokes: readonly Stroke[], generation: number): void {
    this.#strokes = strokes;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#clear(this.#log);
      this.#drawn = 0;
      this.#ids.clear();
    }
    this.#drawLog();
  }

  /** Whether the log has this stroke, as far as it is drawn. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  showLoose(over: readonly Loose[]): void {
    this.#over = over;
    this.#clear(this.#loose);
    for (const { stroke, dimmed } of over) {
      this.#loose.globalAlpha = dimmed ? dim : 1;
      this.#draw(this.#loose, stroke);
    }
  }

  #drawLog(): void {
    for (; this.#drawn < this.#strokes.length; this.#drawn++) {
      const stroke = this.#strokes[this.#drawn];
      if (!stroke) continue;
      this.#draw(this.#log, stroke);
      this.#ids.add(stroke.id);
    }
    // For whoever asks what is on the paper, and cannot look at it.
    this.#log.canvas.dataset['strokes'] = `${this.#drawn}`;
  }

  #clear(context: CanvasRenderingContext2D): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    context.lineCap = 'round';
    context.lineJoin = 'round';
  }

  /** A curve whose control points are the stroke's, through the middles between them. */
  #draw(context: CanvasRenderingContext2D, { color, width, points }: Loose['stroke']): void {
    const ink = this.#inks.get(color) ?? '';
    const at = (index: number): number => points[index] ?? 0;
    context.beginPath();
    if (points.length === 2) {
      context.fillStyle = ink;
      context.arc(at(0), at(1), Math.max(width, this.#thinnest) / 2, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    context.strokeStyle = ink;
    context.lineWidth = Math.max(width, this.#thinnest);
    context.moveTo(at(0), at(1));
    for (let index = 2; index < points.length - 2; index += 2) {
      context.quadraticCurveTo(at(index), at(index + 1), (at(index) + at(index + 2)) / 2, (at(index + 1) + at(index + 3)) / 2);
    }
    context.lineTo(at(points.length - 2), at(points.length - 1));
    context.stroke();
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws on no canvas');
  return context;
}

/** The colours as the page's style has them, light or dark. */
function inksOf(canvas: HTMLCanvasElement): ReadonlyMap<Colour, string> {
  const probe = document.createElement('span');
  canvas.parentElement?.append(probe);
  const inks = new Map(
    colours.map((colour) => {
      probe.style.color = `var(--ink-${colour})`;
      return [colour, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return inks;
}
