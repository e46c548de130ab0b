import { describe, expect, it } from 'vitest';
import { importsOf, wayBack } from '../../scripts/lint-rules/import-circles.mjs';

/** Each file with what it imports. */
const project = (files: Readonly<Record<string, readonly string[]>>) => (path: string): readonly string[] => files[path] ?? [];

describe('the rule against circles of imports', () => {
  it('sees every form of import, also of types only', () => {
    const text = [
      "import { a } from './a.ts';", "import type { B } from '../b.ts';", "import {\n  c,\n} from '#shared/c.ts';", "export { d } from './d.ts';", "import './e.ts';",
      "const f = () => import('./f.vue');", "import { readFile } from 'node:fs/promises';", "import '@fontsource/inter.css';", "// import { g } from './g.ts';",
    ].join('\n');
    expect(importsOf('src-main/net/x.ts', text)).toEqual(['src-main/net/a.ts', 'src-main/b.ts', 'src-shared/c.ts', 'src-main/net/d.ts', 'src-main/net/e.ts', 'src-main/net/f.vue']);
  });

  it('lets files of one model know each other, and nobody else', () => {
    const text = "import type { PeerState } from './peer-state.ts';\nimport type { Content } from './content.ts';";
    expect(importsOf('src-main/core/swarm/fetch.ts', text)).toEqual(['src-main/core/swarm/content.ts']);
  });

  it('tells the way back, however long', () => {
    const imports = project({ a: ['x', 'b'], b: ['x', 'c'], c: ['y', 'a'] });
    expect(wayBack('a', 'b', imports)).toEqual(['b', 'c', 'a']);
    expect(wayBack('c', 'a', imports)).toEqual(['a', 'b', 'c']);
  });

  it('says nothing of a circle that a file only leads to', () => {
    const imports = project({ a: ['b'], b: ['c'], c: ['b'] });
    expect(wayBack('a', 'b', imports)).toBeNull();
    expect(wayBack('b', 'c', imports)).toEqual(['c', 'b']);
  });

  it('sees a file that imports itself', () => {
    expect(wayBack('a', 'a', project({ a: ['a'] }))).toEqual(['a']);
  });
});
