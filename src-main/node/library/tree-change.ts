import type { ContentId } from '#shared/ids.ts';
import type { Observed } from '#main/disk/observe.ts';

/** What has become known about a path of a share, in the order in which it did. */
export type Change =
  | { readonly kind: 'observed'; readonly path: string; readonly state: Observed }
  /** All entries of the folder have been observed. */
  | { readonly kind: 'listed'; readonly path: string }
  | { readonly kind: 'hashed'; readonly path: string; readonly version: string; readonly contentId: ContentId; readonly layer: Uint8Array | null };
