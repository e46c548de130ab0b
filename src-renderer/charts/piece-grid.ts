/** A grid of equal cells, in CSS px. `pitch` is a cell and the gap after it. */
export interface PieceGrid {
  readonly columns: number;
  /** How many of the given cells one drawn cell stands for. */
  readonly merged: number;
  readonly height: number;
}

export const cellSize = { width: 6, height: 8, pitchX: 8, pitchY: 10, radius: 1.5 } as const;
const rowsAtMost = 8;

/** Cells of one readable size; when they would fill too many rows, several become one. */
export function pieceGrid(count: number, width: number): PieceGrid {
  const columns = Math.max(1, Math.floor((width + cellSize.pitchX - cellSize.width) / cellSize.pitchX));
  const merged = Math.max(1, Math.ceil(count / (columns * rowsAtMost)));
  const rows = Math.ceil(Math.ceil(count / merged) / columns);
  return { columns, merged, height: Math.max(0, rows * cellSize.pitchY - (cellSize.pitchY - cellSize.height)) };
}

/** What a drawn cell holds: which part of it is there, from 0 to 1, and whether something is on its way. */
export interface PieceCell {
  readonly verified: number;
  readonly arriving: boolean;
}

/** Cells of the contract (`.` `a` `v`) put together, `merged` at a time. */
export function mergeCells(cells: string, merged: number): PieceCell[] {
  const result: PieceCell[] = [];
  for (let from = 0; from < cells.length; from += merged) {
    const part = cells.slice(from, from + merged);
    result.push({ verified: (part.split('v').length - 1) / part.length, arriving: part.includes('a') });
  }
  return result;
}
