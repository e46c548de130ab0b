// Runs before the app's preload in the same world. Newer Electrons tell a dropped file's path by `webUtils`; the test-only runtime has it on the file.
const electron = require('electron');
if (!('webUtils' in electron)) Object.defineProperty(electron, 'webUtils', { value: { getPathForFile: (file) => file.path }, enumerable: true, configurable: true });
