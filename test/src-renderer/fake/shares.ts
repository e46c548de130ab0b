import { isContentId, isOfferId, isShareId } from '#shared/ids.ts';
import type { OfferId, ShareId } from '#shared/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Share } from '#shared/model/share.ts';
import { day } from '#shared/units.ts';
import { deviceIdFor, epoch } from './people.ts';
import { hexOf } from './seeded.ts';

const shareId = (name: string): ShareId => {
  const hex = hexOf(`share ${name}`, 32);
  if (!isShareId(hex)) throw new Error('not a share id');
  return hex;
};
export const offerIdFor = (text: string): OfferId => {
  const hex = hexOf(`offer ${text}`, 32);
  if (!isOfferId(hex)) throw new Error('not an offer id');
  return hex;
};

export function inventShare(part: Partial<Share> & { name: string }): Share {
  const contentId = hexOf(`content ${part.name}`, 64);
  const files = part.files ?? 1;
  const bytes = part.bytes ?? 1e9;
  return {
    id: shareId(part.name), path: `/home/jade/${part.name}`, kind: 'folder', audience: { kind: 'everyone' }, state: 'ready', files, folders: 3, bytes, hashedFiles: files, hashedBytes: bytes, etaSeconds: null,
    contentId: isContentId(contentId) ? contentId : null, problems: { count: 0, first: [] }, addedAt: epoch, ...part,
  };
}

export const inventedShares = (): Share[] => [
  inventShare({ name: 'Lisbon 2026', files: 1840, bytes: 142e9, audience: { kind: 'devices', devices: [] }, addedAt: epoch - day }),
  inventShare({ name: 'Lectures', files: 412, bytes: 58e9, state: 'hashing', hashedFiles: 187, hashedBytes: 26e9, etaSeconds: 84, contentId: null, addedAt: epoch - 2 * day }),
  inventShare({ name: 'Poster_A2_final.pdf', kind: 'file', bytes: 84.3e6, audience: { kind: 'devices', devices: [deviceIdFor('Coral Heron'), deviceIdFor('Moss Badger')] }, addedAt: epoch - 3 * day }),
  inventShare({
    name: 'Old laptop', files: 22_104, bytes: 11.6e9, audience: { kind: 'nobody' }, addedAt: epoch - 4 * day,
    problems: { count: 3, first: [{ path: 'Mail/inbox.lock', error: { code: 'no-permission', params: { path: 'Mail/inbox.lock' } } }, { path: 'Notes/caf\ufffd.txt', error: { code: 'name-not-shareable', params: { name: 'caf\ufffd.txt' } } }] },
  }),
];

export const inventedOffer = (): Offer => ({
  id: offerIdFor('wedding'), direction: 'in', peer: deviceIdFor('Amber Falcon'), state: 'asked', reason: null, text: null,
  items: [{ name: 'Wedding_teaser_v3.mp4', kind: 'file', bytes: 1.84e9, files: 1 }, { name: 'Cover_A4.pdf', kind: 'file', bytes: 38.2e6, files: 1 }, { name: 'Fonts.zip', kind: 'file', bytes: 12.6e6, files: 1 }],
  count: 3, bytes: 1_890_800_000, doneBytes: 0, transfers: [], at: epoch,
});

export const inventedText = (): Offer => ({ ...inventedOffer(), id: offerIdFor('text'), peer: deviceIdFor('Rose Marten'), text: 'Room 204, 16:30\nhttps://example.org/handouts', items: [], count: 0, bytes: 44, at: epoch + 1 });
