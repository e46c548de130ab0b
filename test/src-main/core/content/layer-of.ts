import type { Merkle } from '#main/core/content/merkle.ts';
import { pieceCount } from '#main/core/content/piece-size.ts';

/** Root and piece layer of a file's whole content. */
export function layerOf(merkle: Merkle, data: Uint8Array, pieceBytes: number): { root: Uint8Array; layer: Uint8Array } {
  const layer = new Uint8Array(pieceCount(data.length, pieceBytes) * 32);
  for (let at = 0; at < data.length; at += pieceBytes) merkle.pieceHash(data.subarray(at, at + pieceBytes), pieceBytes, data.length <= pieceBytes, layer, (at / pieceBytes) * 32);
  return { root: merkle.rootOfLayer(layer, pieceBytes), layer };
}
