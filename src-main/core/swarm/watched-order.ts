import type { Content } from './content.ts';

/** With so many pieces somebody begins to watch: they come strictly in order. */
export const firstInOrder = 4;
/** So many pieces from the first wanted one on may come before it. */
const aheadPieces = 24;
/** Of those that nobody else has, one of so many. */
const unspreadPieces = 6;
/** Of those that others have, one of so many. */
const nearPieces = 16;

/** What others have. */
type Spread = Pick<Content, 'pieces' | 'availability' | 'isUnspread'> & { readonly members: { readonly size: number } };

/**
 * A piece for somebody who watches, a little ahead of the first wanted one at most. When all who watch ask for the next
 * piece, all have the same ones, nobody has anything for anybody, and the source has to give everything to each of them.
 * So who has everything is asked for one of the next pieces that nobody else has; others are asked for the rarest one of a
 * window, which is chosen at random among equals (Vlavianos, Iliofotou and Faloutsos 2006, without their share of requests
 * beyond the window: that makes all of it faster still, and playing stall more often). A piece that all have needs nobody's help,
 * and who comes after others gets everything in order: they have other pieces already.
 * `isFor` says whether the peer can be asked for a piece; `random` is evenly distributed in [0, 1). Null: in order.
 */
export function pickAhead(content: Spread, from: number, isFor: (piece: number) => boolean, random: () => number): number | null {
  const end = Math.min(content.pieces, from + aheadPieces);
  if (areOthersFurtherOn(content, end)) return null;
  let [unspread, seen] = [-1, 0];
  let [rarest, least, equals] = [-1, Infinity, 0];
  for (let piece = from; piece < end && seen < unspreadPieces; piece++) {
    if (!isFor(piece)) continue;
    // The n-th of several is taken with a chance of 1/n: so each of them has the same.
    if (content.isUnspread(piece) && random() * ++seen < 1) unspread = piece;
    const having = content.availability(piece);
    if (piece >= from + nearPieces || having > least) continue;
    if (having < least) [rarest, least, equals] = [piece, having, 1];
    else if (having < content.members.size && random() * ++equals < 1) rarest = piece;
  }
  return unspread >= 0 ? unspread : rarest >= 0 ? rarest : null;
}

/** Whether others have most of the next pieces from there on; not counting the last one, which everybody who watches gets first. */
function areOthersFurtherOn(content: Spread, from: number): boolean {
  const end = Math.min(content.pieces - 1, from + aheadPieces);
  let spread = 0;
  for (let piece = from; piece < end; piece++) if (!content.isUnspread(piece)) spread++;
  return 2 * spread > end - from && spread > 0;
}
