import { brakeEn } from './brake.en.ts';
import { brakeEs } from './brake.es.ts';
import { cliEn } from './cli.en.ts';
import { cliEs } from './cli.es.ts';
import { commonEn } from './common.en.ts';
import { commonEs } from './common.es.ts';
import { doctorEn } from './doctor.en.ts';
import { doctorEs } from './doctor.es.ts';
import { errorsEn } from './errors.en.ts';
import { errorsEs } from './errors.es.ts';
import type { Locale } from './locale.ts';
import type { MessageKey, SameShape } from './same-shape.ts';

const en = { ...commonEn, brake: brakeEn, doctor: doctorEn, error: errorsEn, cli: cliEn } as const;

/** Texts of everything but the UI, which adds its own in `index.ts`. */
export const catalogue: Readonly<Record<Locale, SameShape<typeof en>>> = { en, es: { ...commonEs, brake: brakeEs, doctor: doctorEs, error: errorsEs, cli: cliEs } };

export type TextKey = MessageKey<typeof en>;
