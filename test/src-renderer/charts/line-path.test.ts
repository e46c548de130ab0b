import { describe, expect, it } from 'vitest';
import { areaPath, linePath, roundUp, spread } from '../../../src-renderer/charts/line-path.ts';

describe('lines of a graph', () => {
  it('puts the newest sample at the right edge and the largest at the top', () => {
    expect(spread([0, 50, 100], 3, 100, 200, 80)).toEqual([{ x: 0, y: 80 }, { x: 100, y: 40 }, { x: 200, y: 0 }]);
  });
  it('leaves the left empty while there are few samples, and drops the oldest when there are too many', () => {
    expect(spread([10], 3, 100, 200, 80)).toEqual([{ x: 200, y: 72 }]);
    expect(spread([1, 2, 3, 4], 2, 4, 100, 40).map(({ y }) => y)).toEqual([10, 0]);
  });
  it('draws nothing without samples, and closes an area at the base line', () => {
    expect(linePath([])).toBe('');
    expect(areaPath([], 10)).toBe('');
    expect(areaPath([{ x: 0, y: 4 }, { x: 10, y: 2 }], 10)).toMatch(/^M0 4C5 4 5 2 10 2L10 10L0 10Z$/);
  });
  it('never swings beyond the samples: control points lie on their heights', () => {
    expect(linePath([{ x: 0, y: 0 }, { x: 10, y: 100 }])).toBe('M0 0C5 0 5 100 10 100');
  });
  it.each([[0, 1], [1, 1], [9.3, 10], [94_600_000, 100_000_000], [108, 120], [2.1, 3]])('rounds %d up to %d for an axis', (value, top) => {
    expect(roundUp(value)).toBeCloseTo(top);
  });
});
