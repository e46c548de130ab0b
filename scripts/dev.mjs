// @ts-check
/**
 * `npm run dev`: the UI with hot reload at a local address, and a node behind it that restarts when its sources change.
 * Options are those of `serve`; `--data` defaults to .cache/dev, so that one's own data stays out of it.
 */
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { endWithParent } from './end-with-parent.mjs';

requireNode();
ensureDependencies();

const { join } = await import('node:path');
const { createServer } = await import('vite');
const { bundleNode } = await import('./bundle.mjs');
const { startDevNode } = await import('./dev-node.mjs');
const { cacheDir, root } = await import('./project-root.mjs');

if (process.env.npm_lifecycle_event === 'dev') endWithParent();
const args = process.argv.slice(2);
const nodeArgs = args.includes('--data') ? args : ['--data', join(cacheDir, 'dev'), ...args];

await bundleNode();
let node = await startDevNode(nodeArgs);

/** The proxy reads these at each request, so a restarted node only changes what they hold. */
const proxy = { target: node.origin, ws: true, changeOrigin: true, headers: { cookie: node.cookie, origin: node.origin } };
const server = await createServer({ configFile: join(root, 'vite.config.ts'), server: { host: '127.0.0.1', proxy: { '^/(api$|upload/)': proxy } } });
await server.listen();
server.printUrls();

let restarting = Promise.resolve();
/** @type {NodeJS.Timeout | undefined} */
let soon;
async function restart() {
  try {
    await bundleNode();
  } catch {
    // esbuild has printed what is wrong; the node that runs stays until it is mended.
    return;
  }
  await node.stop();
  node = await startDevNode(nodeArgs, new URL(node.origin).port);
  Object.assign(proxy.headers, { cookie: node.cookie });
  console.log('node restarted');
}
server.watcher.add([join(root, 'src-main'), join(root, 'src-shared')]);
server.watcher.on('all', (_event, path) => {
  if (!path.startsWith(join(root, 'src-main')) && !path.startsWith(join(root, 'src-shared'))) return;
  clearTimeout(soon);
  soon = setTimeout(() => { restarting = restarting.then(restart); }, 100);
});

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, async () => {
    await Promise.all([server.close(), node.stop()]);
    process.exit(0);
  });
}
