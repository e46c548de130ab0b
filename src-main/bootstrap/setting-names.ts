/** Every setting of a bootstrap server, as its JSON file names it. Apart from the schemas, whose library the help does not need. */
export const bootstrapSettings = {
  listen: 'text', port: 'number', publicUrl: 'text', ownUrl: 'text', plainHttp: 'switch', trustProxy: 'text', certFile: 'text', keyFile: 'text', adminToken: 'text', redisUrl: 'text', logLevel: 'text',
  heartbeatSeconds: 'number', silenceSeconds: 'number', drainSeconds: 'number', maxNodes: 'number', maxNodesPerAddress: 'number', maxEntries: 'number', maxEntriesPerNode: 'number',
  maxEntriesPerAddress: 'number', maxConnections: 'number', maxConnectionsPerAddress: 'number', maxHalfOpen: 'number', requestsPerSecond: 'number', requestBurst: 'number',
  deviceRequestsPerSecond: 'number', deviceRequestBurst: 'number', relay: 'switch', maxRelays: 'number', maxRelaysPerDevice: 'number', maxRelaysPerAddress: 'number', relayBytesPerSecond: 'number',
} as const satisfies Record<string, 'text' | 'number' | 'switch'>;
export type BootstrapSetting = keyof typeof bootstrapSettings;

export const settingNames = Object.keys(bootstrapSettings) as BootstrapSetting[];

const words = (name: string): string[] => name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
/** `maxNodes` as an option: `max-nodes`. */
export const flagOf = (name: BootstrapSetting): string => words(name).join('-');
export const envPrefix = 'DISTRISHARE_BOOTSTRAP_';
/** `maxNodes` in the environment: `DISTRISHARE_BOOTSTRAP_MAX_NODES`. */
export const envOf = (name: BootstrapSetting): string => envPrefix + words(name).join('_').toUpperCase();
/** Names the JSON file. */
export const configEnv = `${envPrefix}CONFIG`;
