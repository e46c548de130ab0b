/**
 * What a bootstrap server takes with many nodes: the registry alone, and the real program over TLS on loopback. Run with
 * `npm run bench -- bootstrap [NODES [ENTRIES [registry|server|relay|redis]]]`; 10,000 nodes need 20,000 open files (`ulimit -n`) and some 3 GB.
 */
import { registryRows } from './bootstrap/registry-rows.ts';
import { redisRows } from './bootstrap/redis-rows.ts';
import { relayRows } from './bootstrap/relay-rows.ts';
import { serverRows } from './bootstrap/server-rows.ts';

const [nodes = '10000', entries = '1000000', part] = process.argv.slice(2);

async function main(): Promise<void> {
  if (part === undefined || part === 'registry') registryRows(Number(nodes), Number(entries));
  if (part === undefined || part === 'server') await serverRows(Number(nodes), Number(entries));
  if (part === undefined || part === 'relay') await relayRows();
  if (part === 'redis') await redisRows(Number(nodes), Number(entries));
}

main().then(() => process.exit(), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
