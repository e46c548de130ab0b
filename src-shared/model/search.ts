import * as z from 'zod';
import { bytesSchema, contentIdSchema, deviceIdSchema, timestampSchema } from './ids.ts';

export const fileTypeSchema = z.enum(['any', 'folder', 'audio', 'video', 'image', 'document', 'archive', 'program', 'other']);
export type FileType = z.infer<typeof fileTypeSchema>;

export const searchFilterSchema = z.object({
  type: fileTypeSchema.default('any'),
  minBytes: bytesSchema.optional(),
  maxBytes: bytesSchema.optional(),
});
export type SearchFilter = z.infer<typeof searchFilterSchema>;

/** One distinct content; the same bytes under other names, on other devices, are further sources of the same hit. */
export const searchHitSchema = z.object({
  /** Stable within one search. */
  key: z.string(),
  name: z.string(),
  kind: z.enum(['file', 'folder']),
  type: fileTypeSchema,
  bytes: bytesSchema,
  modifiedAt: timestampSchema,
  contentId: contentIdSchema.nullable(),
  /** Ranking, higher is better. */
  score: z.number(),
  /** Whether the whole content is on this device. */
  here: z.boolean(),
  sources: z.array(z.object({ peer: deviceIdSchema, path: z.string() })),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

/** `none`: asked and has nothing. `waiting`: no answer yet. `unreachable`: could not be asked. */
export const searchAnswerSchema = z.object({
  peer: deviceIdSchema,
  state: z.enum(['waiting', 'answered', 'none', 'unreachable', 'rate-limited']),
  hits: z.int().nonnegative(),
});

export const searchStateSchema = z.object({
  id: z.string(),
  words: z.string(),
  finished: z.boolean(),
  hits: z.array(searchHitSchema),
  peers: z.array(searchAnswerSchema),
  /** More matched than are listed. */
  truncated: z.boolean(),
});
export type SearchState = z.infer<typeof searchStateSchema>;
