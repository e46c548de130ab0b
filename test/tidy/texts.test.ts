import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/project-root.mjs';
import { cliEn } from '#shared/i18n/cli.en.ts';
import { commonEn } from '#shared/i18n/common.en.ts';
import { dashboardEn } from '#shared/i18n/dashboard.en.ts';
import { uiEn } from '#shared/i18n/ui.en.ts';

type Tree = { readonly [key: string]: string | Tree };
const keysOf = (tree: Tree, at = ''): string[] => Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [`${at}${key}`] : keysOf(value, `${at}${key}.`)));
const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

it('every text is said somewhere', () => {
  const sources = ['src-main', 'src-renderer', 'src-shared'].flatMap((part) => readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).map((path) => join(root, part, path)))
    .filter((path) => /\.(ts|vue)$/.test(path) && !/i18n[\\/]\w+\.e[ns]\.ts$/.test(path));
  const code = sources.map((path) => readFileSync(path, 'utf8')).join('\n');
  // A key is written out, or built around one value: `ui.kind.${kind}`.
  const built = [...code.matchAll(/`((?:ui|cli|[a-z]+)\.[\w.-]*)\$\{[^`]*?\}([\w.-]*)`/g)].map(([, before = '', after = '']) => new RegExp(`^${quoted(before)}[\\w-]+${quoted(after)}$`));
  const isSaid = (key: string): boolean => code.includes(`'${key}'`) || built.some((pattern) => pattern.test(key));
  const all = [...keysOf(commonEn), ...keysOf(uiEn, 'ui.'), ...keysOf(cliEn, 'cli.'), ...keysOf(dashboardEn, 'dashboard.')];
  expect(all.filter((key) => !isSaid(key))).toEqual([]);
});
