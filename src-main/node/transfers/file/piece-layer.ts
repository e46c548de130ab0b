import { AppError } from '#shared/errors.ts';
import { fromHex, type ContentId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import { hashBytes, Merkle } from '../../../core/content/merkle.ts';
import { pieceBytesFor, pieceCount } from '../../../core/content/piece-size.ts';
import { sha256 } from '../../../disk/hash/sha256.ts';
import type { Link } from '../../ports/links.ts';

const hashesPerRequest = 8192;

/**
 * Fetches a file's piece hashes from one of the links and proves them against its root. Null for a file of one piece,
 * which needs none. Rejects with `hash-mismatch` when nobody's hashes fit, or with the last link's error.
 */
export async function fetchPieceLayer(links: readonly Link[], contentId: ContentId, bytes: Bytes, signal: AbortSignal): Promise<Uint8Array | null> {
  const pieceBytes = pieceBytesFor(bytes);
  if (bytes <= pieceBytes) return null;
  const root = fromHex(contentId);
  let failure: unknown = new AppError('no-sources');
  for (const link of links) {
    try {
      const layer = await fetchFrom(link, contentId, pieceCount(bytes, pieceBytes), signal);
      if (new Merkle(sha256).verifyLayer(layer, root, bytes, pieceBytes)) return layer;
      failure = new AppError('hash-mismatch', { name: link.remote.name });
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function fetchFrom(link: Link, contentId: ContentId, pieces: number, signal: AbortSignal): Promise<Uint8Array> {
  const layer = new Uint8Array(pieces * hashBytes);
  for (let first = 0; first < pieces; first += hashesPerRequest) {
    const count = Math.min(hashesPerRequest, pieces - first);
    const { hashes } = await link.request('layer', { contentId, first, count }, { signal });
    const part = Buffer.from(hashes, 'base64');
    if (part.length !== count * hashBytes) throw new AppError('protocol-error', { name: link.remote.name });
    layer.set(part, first * hashBytes);
  }
  return layer;
}
