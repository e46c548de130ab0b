import { shownName } from '#shared/names.ts';

/** What is put into a text, with names from other people as a person may be shown them. */
export const shownParams = <Value extends string | number>(params: Readonly<Record<string, Value>>): Record<string, Value | string> =>
  Object.fromEntries(Object.entries(params).map(([key, value]) => [key, typeof value === 'string' ? shownName(value) : value]));
