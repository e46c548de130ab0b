// What the product may use (Node 20.19, current Chromium) and the test-only runtime (Node 18.15) lacks. Tests only.
const crypto = require('node:crypto');
const fs = require('node:fs');

const add = (target, name, value) => {
  if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true });
};

add(crypto, 'hash', (algorithm, data, encoding = 'hex') => crypto.createHash(algorithm).update(data).digest(encoding === 'buffer' ? undefined : encoding));
add(globalThis, 'crypto', crypto.webcrypto);
add(globalThis, 'File', require('node:buffer').File);
add(Promise, 'withResolvers', function withResolvers() {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
});
add(AbortSignal, 'any', (signals) => {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) {
      controller.abort(signal.reason);
      break;
    }
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true, signal: controller.signal });
  }
  return controller.signal;
});
add(Symbol, 'asyncDispose', Symbol('Symbol.asyncDispose'));
add(Symbol, 'dispose', Symbol('Symbol.dispose'));
add(URL, 'canParse', (text, base) => {
  try {
    return Boolean(new URL(text, base));
  } catch {
    return false;
  }
});

// Directory entries got `parentPath` in Node 20.12; here every listing fills it in.
const withParent = (entries, folder) => {
  for (const entry of entries) if (typeof entry === 'object' && !Buffer.isBuffer(entry)) add(entry, 'parentPath', String(folder));
  return entries;
};
const { readdir } = fs.promises;
fs.promises.readdir = async (folder, options) => withParent(await readdir(folder, options), folder);
const { readdirSync } = fs;
fs.readdirSync = (folder, options) => withParent(readdirSync(folder, options), folder);
