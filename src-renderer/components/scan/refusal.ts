import type { UiTextKey } from '#shared/i18n/index.ts';

/** What a dialog says of a QR code that it has no use for; null where its text fits. */
export type Refusal = (text: string) => UiTextKey | null;

export const isRoomLink = (text: string): boolean => /^distrishare:(?:\/\/)?room\//i.test(text.trim());
