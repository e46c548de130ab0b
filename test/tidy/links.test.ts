import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.map((name) => join('docs', name))];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');

/** The anchors of a page's headings, as its readers' programs make them. */
function anchorsOf(page: string): string[] {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'));
}

/** Where the links of a page lead that stay in the project. */
function targetsOf(page: string): { readonly link: string; readonly path: string; readonly anchor: string }[] {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));
  return links.map((link) => {
    const [path = '', anchor = ''] = link.split('#');
    return { link, path: path === '' ? page : join(dirname(page), path), anchor };
  });
}

describe('the documents', () => {
  it.each(pages)('%s links to pages and headings that are there', (page) => {
    const broken = targetsOf(page).filter(({ path, anchor }) => !existsSync(join(root, path)) || (anchor !== '' && !anchorsOf(relative(root, join(root, path))).includes(anchor)));
    expect(broken.map(({ link }) => link)).toEqual([]);
  });

  it('are all led to from the first page', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) for (const { path } of targetsOf(page)) if (path.endsWith('.md')) reached.add(path);
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });
});
