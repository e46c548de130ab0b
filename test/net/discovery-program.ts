import { runDiscovery } from './run-discovery.ts';

const [port = '47800', methods = 'multicast,mdns'] = process.argv.slice(2);
runDiscovery(Number(port), methods);
