// Keeps what the node says, so that a test can wait for it.
globalThis.heard = [];
globalThis.distrishare.onMessage((text) => globalThis.heard.push(JSON.parse(text)));
globalThis.distrishare.send(JSON.stringify({ kind: 'subscribe' }));
document.documentElement.dataset.ready = 'yes';
