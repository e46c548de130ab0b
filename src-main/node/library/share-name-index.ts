import { nameTokens } from '#main/core/search/text.ts';
import type { StoreBatch } from '#main/disk/store/store.ts';
import { tables, tokenKey, type ShareRecord } from './tables.ts';

/** A share is found by its name like any folder or file; its name is in its record and not in its path. */
export function putShareName(batch: StoreBatch, share: ShareRecord): StoreBatch {
  for (const token of nameTokens(share.name)) batch.put(tables.token, tokenKey(token, share.id, ''), share.kind);
  return batch;
}

export function deleteShareName(batch: StoreBatch, share: ShareRecord): StoreBatch {
  for (const token of nameTokens(share.name)) batch.delete(tables.token, tokenKey(token, share.id, ''));
  return batch;
}
