import * as z from 'zod';
import { errorCodes } from '../errors.ts';

export const errorInfoSchema = z.object({
  code: z.enum(errorCodes),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
