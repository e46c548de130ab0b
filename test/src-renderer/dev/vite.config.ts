import { fileURLToPath } from 'node:url';
import { mergeConfig } from 'vite';
import base from '../../../vite.config.ts';

/** The UI on an invented node, for design work (`vite --config` this file) and for the browser tests. Never shipped. */
export default mergeConfig(base, {
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: { outDir: fileURLToPath(new URL('../../../out/ui-fake', import.meta.url)) },
  server: { fs: { allow: [fileURLToPath(new URL('../../..', import.meta.url))] } },
});
