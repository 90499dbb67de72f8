export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How much `y` grows for each `x`: the straight line that fits best (least squares). NaN where all points have the same `x`. */
export function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const together = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  return together / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
}
