import { catalogue } from './catalogue.ts';
import type { MessageKey } from './same-shape.ts';
import { uiEn } from './ui.en.ts';
import { uiEs } from './ui.es.ts';

/** Everything the UI shows, for vue-i18n: the common catalogue and the UI's own texts under `ui`. */
export const messages = {
  en: { ...catalogue.en, ui: uiEn },
  es: { ...catalogue.es, ui: uiEs },
} as const;

export type UiTextKey = MessageKey<(typeof messages)['en']>;
