// Stands in for Electron's default app in the test-only runtime: loads the app named on the command line.
const path = require('node:path');
const Module = require('node:module');
require('./polyfills.cjs');
const { app } = require('electron');

app.on('session-created', (session) => { session.setPreloads([path.join(__dirname, 'preload-gaps.cjs')]); });

const named = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
if (named === undefined) {
  process.stderr.write('no app named\n');
  app.exit(2);
} else {
  process.defaultApp = true;
  const resolved = require.resolve(path.resolve(named));
  const folder = path.resolve(named);
  const manifest = require(path.join(folder, 'package.json'));
  app.setVersion(manifest.version);
  app.setName(manifest.productName ?? manifest.name);
  app.setAppPath(folder);
  Module._load(resolved, Module, true);
}
