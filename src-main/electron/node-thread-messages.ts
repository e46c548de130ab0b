import type { MessagePort } from 'node:worker_threads';
import * as z from 'zod';
import type { ErrorInfo } from '#shared/errors.ts';
import { settingsPatchSchema } from '#shared/settings.ts';

/** What the thread of the node is started with. */
export const nodeThreadOptionsSchema = z.object({ dataDir: z.string().min(1), overrides: settingsPatchSchema });
export type NodeThreadOptions = z.infer<typeof nodeThreadOptionsSchema>;

/** Main → thread. `serve` brings one end of a channel that speaks the contract. */
export type ToNodeThread = { readonly kind: 'serve'; readonly port: MessagePort } | { readonly kind: 'close' };

/** Thread → main. */
export type FromNodeThread = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: ErrorInfo } | { readonly kind: 'closed' };
