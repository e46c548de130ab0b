import type { AddCommands } from './context.ts';

/** Commands that one function adds. Loaded when one of them is needed: everything takes longer to load than most of them to run. */
interface CommandFamily {
  readonly names: readonly string[];
  readonly load: () => Promise<AddCommands>;
}

const ofANode = async () => import('./commands/of-a-node.ts');

/** In the order of the help. */
export const families: readonly CommandFamily[] = [
  { names: ['serve'], load: async () => (await ofANode()).addServeCommand },
  { names: ['status'], load: async () => (await ofANode()).addStatusCommand },
  { names: ['peers', 'connect', 'block', 'forgive'], load: async () => (await ofANode()).addPeerCommands },
  { names: ['share', 'unshare', 'shares'], load: async () => (await ofANode()).addShareCommands },
  { names: ['browse'], load: async () => (await ofANode()).addBrowseCommand },
  { names: ['search'], load: async () => (await ofANode()).addSearchCommand },
  { names: ['get'], load: async () => (await ofANode()).addGetCommand },
  { names: ['transfers', 'pause', 'resume', 'cancel'], load: async () => (await ofANode()).addTransferCommands },
  { names: ['transfer'], load: async () => (await ofANode()).addTransferCommand },
  { names: ['send', 'inbox', 'accept', 'decline'], load: async () => (await ofANode()).addOfferCommands },
  { names: ['room'], load: async () => (await ofANode()).addRoomCommand },
  { names: ['pair'], load: async () => (await ofANode()).addPairCommand },
  { names: ['settings'], load: async () => (await ofANode()).addSettingsCommand },
  { names: ['networks'], load: async () => (await ofANode()).addNetworksCommand },
  { names: ['servers'], load: async () => (await ofANode()).addServersCommand },
  { names: ['doctor'], load: async () => (await ofANode()).addDoctorCommand },
  { names: ['limits'], load: async () => (await ofANode()).addLimitsCommand },
  { names: ['hash'], load: async () => (await import('./commands/hash.ts')).addHashCommand },
  { names: ['bootstrap'], load: async () => (await import('./commands/bootstrap.ts')).addBootstrapCommand },
  { names: ['lab'], load: async () => (await import('./commands/lab.ts')).addLabCommand },
];
