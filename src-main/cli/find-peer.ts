import { AppError } from '#shared/errors.ts';
import type { Peer } from '#shared/model/peer.ts';

const compact = (text: string): string => text.toUpperCase().replace(/[\s-]/g, '');

/** A device by its name, its id or a unique beginning of the id, as people type it. Throws `peer-unknown` or `ambiguous`. */
export function findPeer(peers: readonly Peer[], written: string): Peer {
  const named = peers.filter(({ name }) => name.toLowerCase() === written.toLowerCase());
  const wanted = compact(written);
  const fitting = named.length > 0 ? named : peers.filter(({ id }) => wanted !== '' && compact(id).startsWith(wanted));
  const [first] = fitting;
  if (first === undefined) throw new AppError('peer-unknown', { name: written });
  if (fitting.length > 1) throw new AppError('ambiguous', { name: written });
  return first;
}
