import { describe, expect, it } from 'vitest';
import { brakeEn } from '#shared/i18n/brake.en.ts';
import { brakeEs } from '#shared/i18n/brake.es.ts';
import { dashboardEn } from '#shared/i18n/dashboard.en.ts';
import { dashboardEs } from '#shared/i18n/dashboard.es.ts';
import { doctorEn } from '#shared/i18n/doctor.en.ts';
import { doctorEs } from '#shared/i18n/doctor.es.ts';
import { uiEn } from '#shared/i18n/ui.en.ts';
import { uiEs } from '#shared/i18n/ui.es.ts';

type Tree = { readonly [key: string]: string | Tree };
const flatten = (tree: Tree, at = ''): [string, string][] => Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[`${at}${key}`, value] as [string, string]] : flatten(value, `${at}${key}.`)));
const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe('the texts of the UI', () => {
  it.each([['the app', uiEn, uiEs], ['the dashboard', dashboardEn, dashboardEs]] as const)('have the same placeholders and plural forms in both languages (%s)', (_page, english, spanish) => {
    const texts = new Map(flatten(spanish));
    const shape = (text: string): string => `${placeholders(text).join(' ')} in ${text.split('|').length}`;
    const differing = flatten(english).filter(([key, text]) => shape(text) !== shape(texts.get(key) ?? ''));
    expect(differing).toEqual([]);
  });

  it('stay calm: no exclamation marks, and use none of the words of the machinery', () => {
    const words = /!|\bpeers?\b|\bnodes?\b|\bclients?\b|oops/i;
    expect(flatten(uiEn).filter(([, text]) => words.test(text))).toEqual([]);
    expect(flatten(uiEs).filter(([, text]) => /!|¡|\bpar(es)?\b|\bnodos?\b/i.test(text))).toEqual([]);
  });

  it.each([['English', uiEn, brakeEn, doctorEn], ['Spanish', uiEs, brakeEs, doctorEs]] as const)('say where to go by the words that stand there (%s)', (_language, ui, brake, doctor) => {
    expect(brake.down.behind.next).toContain(ui.transfer.first);
    expect(doctor.step.multicast).toBe(ui.settings.multicast);
    for (const way of [ui.settings.multicast, ui.settings.mdns]) expect(doctor.finding['others-not-looked-for'].next.toLowerCase()).toContain(way.toLowerCase());
  });
});
