import { describe, expect, it } from 'vitest';
import { mergeCells, pieceGrid } from '../../../src-renderer/charts/piece-grid.ts';

describe('the piece map', () => {
  it('draws one cell for one of the contract while there is room', () => {
    expect(pieceGrid(100, 478)).toEqual({ columns: 60, merged: 1, height: 18 });
  });
  it('puts several together instead of growing beyond eight rows', () => {
    const grid = pieceGrid(2000, 478);
    expect(grid.merged).toBe(5);
    expect(grid.height).toBeLessThanOrEqual(78);
  });
  it('survives a width of nothing', () => {
    expect(pieceGrid(2000, 0).columns).toBe(1);
  });
  it('tells of each cell how much of it is there', () => {
    expect(mergeCells('vv..ra.x', 4)).toEqual([
      { verified: 0.5, reused: 0, arriving: false, again: false },
      { verified: 0, reused: 0.25, arriving: true, again: true },
    ]);
    expect(mergeCells('', 4)).toEqual([]);
  });
});
