import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { pieceCount } from './piece-size.ts';

/**
 * Merkle trees of file content as BEP 52 lays them out. The leaves are the SHA-256 of 16 KiB blocks (the last one may be
 * shorter); what is missing to a full binary tree counts as leaves of 32 zero bytes. A piece of a longer file is the
 * subtree over its leaves, padded to the piece size; a file of one piece is padded only to its own power of two of leaves,
 * so that its piece hash is its root. An empty file, for which BEP 52 has no root, has the root of 32 zero bytes.
 */

/** Writes the 32-byte SHA-256 of `data` into `out` at `at`. `data` may overlap `out`: it is read before. */
export type Sha256 = (data: Uint8Array, out: Uint8Array, at: number) => void;

export const hashBytes = 32;
const { leafBytes } = limits.content;

/** Root of an empty file: no leaves, so the padding alone. */
export const emptyRoot: Uint8Array = new Uint8Array(hashBytes);

/** Levels above the leaves of the smallest full tree over `width` nodes. */
function heightOver(width: number): number {
  let height = 0;
  while (2 ** height < width) height++;
  return height;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Computes BEP 52 hashes with one hash function. Keeps scratch memory, so one instance serves one thread. */
export class Merkle {
  readonly #sha256: Sha256;
  /** Root of a tree of zero leaves, by height. */
  readonly #zeros: Uint8Array[] = [new Uint8Array(hashBytes)];
  readonly #leaves = new Uint8Array((limits.content.maxPieceBytes / leafBytes) * hashBytes);

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** Root of a full tree of zero leaves of the given height. */
  zeroSubtree(height: number): Uint8Array {
    for (let known = this.#zeros.length; known <= height; known++) {
      const below = this.#zeros[known - 1] ?? emptyRoot;
      const pair = new Uint8Array(2 * hashBytes);
      pair.set(below);
      pair.set(below, hashBytes);
      const node = new Uint8Array(hashBytes);
      this.#sha256(pair, node, 0);
      this.#zeros.push(node);
    }
    return this.#zeros[height] ?? emptyRoot;
  }

  /**
   * Hash of one piece (1 … `pieceBytes` bytes). `wholeFile`: the piece is all there is of its file, so the tree is
   * padded to its own leaves only and the result is the file's root.
   */
  pieceHash(data: Uint8Array, pieceBytes: Bytes, wholeFile: boolean, out: Uint8Array = new Uint8Array(hashBytes), at = 0): Uint8Array {
    if (data.length > pieceBytes || pieceBytes > limits.content.maxPieceBytes) throw new RangeError('longer than a piece');
    return this.pieceOfLeaves(this.addLeaves(data, 0), pieceBytes, wholeFile, out, at);
  }

  /**
   * A piece bit by bit: the leaves of what follows the first `leaves` of it. Gives how many there are now. Nothing else may be asked of this
   * object between the first bit of a piece and `pieceOfLeaves`.
   */
  addLeaves(data: Uint8Array, leaves: number): number {
    let width = leaves;
    for (let from = 0; from < data.length; from += leafBytes, width++) {
      this.#sha256(data.subarray(from, from + leafBytes), this.#leaves, width * hashBytes);
    }
    return width;
  }

  /** `pieceHash` of the leaves that were added. */
  pieceOfLeaves(leaves: number, pieceBytes: Bytes, wholeFile: boolean, out: Uint8Array = new Uint8Array(hashBytes), at = 0): Uint8Array {
    this.#reduce(this.#leaves, leaves, 0, heightOver(wholeFile ? leaves : pieceBytes / leafBytes));
    out.set(this.#leaves.subarray(0, hashBytes), at);
    return out;
  }

  /** Root of a file from its piece layer (32 bytes a piece), padded with zero subtrees of a piece's height. */
  rootOfLayer(layer: Uint8Array, pieceBytes: Bytes): Uint8Array {
    const width = layer.length / hashBytes;
    if (width <= 1) return new Uint8Array(width === 1 ? layer : emptyRoot);
    const nodes = new Uint8Array(layer);
    const pieceHeight = heightOver(pieceBytes / leafBytes);
    this.#reduce(nodes, width, pieceHeight, pieceHeight + heightOver(width));
    return new Uint8Array(nodes.subarray(0, hashBytes));
  }

  /** Whether a piece layer has the right length for the file and leads to its root. */
  verifyLayer(layer: Uint8Array, root: Uint8Array, fileBytes: Bytes, pieceBytes: Bytes): boolean {
    if (layer.length !== pieceCount(fileBytes, pieceBytes) * hashBytes) return false;
    return equalBytes(this.rootOfLayer(layer, pieceBytes), root);
  }

  /** Reduces `width` nodes of height `from`, in place, to the one node of height `to` at the beginning. */
  #reduce(nodes: Uint8Array, width: number, from: number, to: number): void {
    if (width === 0) {
      nodes.set(this.zeroSubtree(to));
      return;
    }
    for (let height = from; height < to; height++) {
      let parents = 0;
      for (let node = 0; node + 1 < width; node += 2, parents++) {
        this.#sha256(nodes.subarray(node * hashBytes, (node + 2) * hashBytes), nodes, parents * hashBytes);
      }
      // An odd last node pairs with padding; no room for that is needed in `nodes` itself.
      if (width % 2 === 1) {
        const pair = new Uint8Array(2 * hashBytes);
        pair.set(nodes.subarray((width - 1) * hashBytes, width * hashBytes));
        pair.set(this.zeroSubtree(height), hashBytes);
        this.#sha256(pair, nodes, parents * hashBytes);
        parents++;
      }
      width = parents;
    }
  }
}
