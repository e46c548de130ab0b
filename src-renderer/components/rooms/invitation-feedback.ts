import type { Timestamp } from '#shared/units.ts';
import { readInvitation } from '#shared/room-invitation.ts';
import { roomWordCount, unknownWords } from '#shared/room-words.ts';

/** What can be said of an invitation while it is written. */
export type InvitationFeedback =
  | { readonly kind: 'empty' | 'wrong-words' | 'wrong-link' | 'good-words' }
  | { readonly kind: 'words' | 'too-many'; readonly count: number }
  | { readonly kind: 'unknown'; readonly words: readonly { readonly place: number; readonly word: string }[] }
  | { readonly kind: 'good-link'; readonly name: string | null; readonly endsAt: Timestamp | null };

export const isGood = ({ kind }: InvitationFeedback): boolean => kind === 'good-words' || kind === 'good-link';
export const isWrong = ({ kind }: InvitationFeedback): boolean => kind === 'unknown' || kind === 'too-many' || kind === 'wrong-words' || kind === 'wrong-link';

export function feedbackOn(text: string): InvitationFeedback {
  const trimmed = text.trim();
  const invitation = readInvitation(trimmed);
  if (trimmed.toLowerCase().startsWith('distrishare:')) {
    return invitation === null ? { kind: 'wrong-link' } : { kind: 'good-link', name: invitation.hints?.name ?? null, endsAt: invitation.hints?.endsAt ?? null };
  }
  if (invitation !== null) return { kind: 'good-words' };
  const { count, unknown } = unknownWords(text);
  if (count === 0) return { kind: 'empty' };
  // The last word is still being written as long as nothing follows it, except where it has to be the last.
  const writing = count < roomWordCount && /[\p{L}\p{M}]$/u.test(text);
  const words = unknown.filter(({ place }) => !(writing && place === count));
  if (words.length > 0) return { kind: 'unknown', words };
  if (count > roomWordCount) return { kind: 'too-many', count };
  return count === roomWordCount ? { kind: 'wrong-words' } : { kind: 'words', count };
}
