import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import { errorInfoSchema } from '#shared/model/error.ts';
import type { DroppedItem } from './composables/dropped-items.ts';
import { pageKey } from './page-key.ts';

const uploadedSchema = z.object({ path: z.string(), root: z.string() });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not an answer of ours; the schemas below refuse it.
    return null;
  }
}

/**
 * Puts one dropped file beside the node and tells the path of what was dropped as a whole. Rejects with what the node
 * says, `node-not-running` without an answer, `cancelled` by the signal. `onProgress` gets bytes sent.
 */
export function uploadItem(batch: string, item: DroppedItem, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const path = item.path.split('/').map(encodeURIComponent).join('/');
    request.open('PUT', `/upload/${batch}/${path}${item.file === null ? '/' : ''}`);
    request.setRequestHeader('x-distrishare-key', pageKey());
    request.upload.addEventListener('progress', (event) => onProgress(event.loaded));
    request.addEventListener('load', () => {
      const answer = uploadedSchema.safeParse(parse(request.responseText));
      const error = errorInfoSchema.safeParse(parse(request.responseText));
      if (request.status === 201 && answer.success) resolve(answer.data.root);
      else reject(error.success ? new AppError(error.data.code, error.data.params) : new AppError('protocol-error', { detail: `upload ${request.status}` }));
    });
    request.addEventListener('error', () => reject(new AppError('node-not-running')));
    request.addEventListener('abort', () => reject(new AppError('cancelled')));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(item.file);
  });
}
