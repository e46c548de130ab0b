/** A point in the units of the drawing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Samples (oldest first) spread over `width`, `max` at the top. The newest is at the right edge; fewer than `slots` leave the left empty. */
export function spread(values: readonly number[], slots: number, max: number, width: number, height: number): Point[] {
  const shown = values.slice(-slots);
  const step = width / Math.max(1, slots - 1);
  const from = width - step * (shown.length - 1);
  const round = (value: number): number => Math.round(value * 100) / 100;
  return shown.map((value, index) => ({ x: round(from + index * step), y: round(height - (max > 0 ? Math.min(1, value / max) : 0) * height) }));
}

/**
 * A smooth line through the points that never swings beyond their values: cubic pieces whose handles are horizontal at
 * the half of each step.
 */
export function linePath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let at = first;
  let path = `M${first.x} ${first.y}`;
  for (const point of rest) {
    const middle = (at.x + point.x) / 2;
    path += `C${middle} ${at.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    at = point;
  }
  return path;
}

/** The same, closed down to the base line, to be filled. */
export function areaPath(points: readonly Point[], height: number): string {
  const first = points[0];
  const last = points.at(-1);
  return first && last ? `${linePath(points)}L${last.x} ${height}L${first.x} ${height}Z` : '';
}

/** The next round number above a value, for an axis: 1, 2, 3, 4, 5, 6, 8 or 10 times a power of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10];
  return power * (steps.find((step) => step * power >= value) ?? 10);
}
