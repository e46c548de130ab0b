import { describe, expect, it } from 'vitest';
import { pieceCellsSchema } from '#shared/model/transfer.ts';
import { mergeCells, pieceGrid } from '../../../src-renderer/charts/piece-grid.ts';
import PieceMap from '../../../src-renderer/charts/PieceMap.vue';
import { mountComponent } from '../with-app.ts';

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
    expect(mergeCells('vv...a.v', 4)).toEqual([{ verified: 0.5, arriving: false }, { verified: 0.25, arriving: true }]);
    expect(mergeCells('', 4)).toEqual([]);
  });
  it('explains each state that may come, and no other', () => {
    const states = [...'.abcdefghijklmnopqrstuvwxyz'].filter((state) => pieceCellsSchema.safeParse(state).success);
    const map = mountComponent(PieceMap, { cells: states.join(''), piecesPerCell: 1, pieces: states.length, verified: 1 });
    expect(states).toEqual(['.', 'a', 'v']);
    // The ground needs no words.
    expect(map.findAll('li').map((item) => item.text())).toEqual(['Verified', 'Arriving']);
  });
});
