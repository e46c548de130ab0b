// Fills the gaps of the test-only runtime in this thread and in every worker thread started from it. Tests only.
const threads = require('node:worker_threads');
require('./gaps.cjs');

const { Worker } = threads;
const polyfills = __filename;
threads.Worker = class extends Worker {
  constructor(file, options = {}) {
    if (options.eval) super(file, options);
    else {
      const path = file instanceof URL ? require('node:url').fileURLToPath(file) : file;
      super(`require(${JSON.stringify(polyfills)}); require(${JSON.stringify(path)});`, { ...options, eval: true });
    }
  }
};
