import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { createDiscovery } from '#main/discovery/discovery.ts';
import { formatAddress } from '#shared/address.ts';

/** A discovery as a program: prints one JSON object for each thing it finds; a line on stdin ends it. */
export function runDiscovery(port: number, methods: string): void {
  const nonce = randomBytes(8).toString('hex');
  const startedAt = Date.now();
  const print = (event: object): void => { process.stdout.write(`${JSON.stringify({ ...event, ms: Date.now() - startedAt })}\n`); };

  const discovery = createDiscovery({
    port,
    nonce,
    multicast: methods.includes('multicast'),
    mdns: methods.includes('mdns'),
    visible: true,
    onHint: (hint) => print({ event: 'hint', source: hint.source, address: formatAddress(hint.address), nonce: hint.nonce }),
    onGoodbye: (address, theirs) => print({ event: 'goodbye', address: formatAddress(address), nonce: theirs }),
    onNetworkChange: () => print({ event: 'network' }),
    random: Math.random,
    now: Date.now,
  });

  createInterface({ input: process.stdin }).once('line', () => {
    void discovery.close().then(() => { process.exitCode = 0; process.stdin.destroy(); });
  });
  void discovery.start().then(() => print({ event: 'ready', nonce, state: discovery.state() }));
}
