/** The commands that run a node or speak to one, together: they need the same things, so one bundle has them all. */
export { addBrowseCommand } from './browse.ts';
export { addDoctorCommand } from './doctor.ts';
export { addGetCommand } from './get.ts';
export { addLimitsCommand } from './limits.ts';
export { addNetworksCommand } from './networks.ts';
export { addOfferCommands } from './offers.ts';
export { addPairCommand } from './pair.ts';
export { addPeerCommands } from './peers.ts';
export { addRoomCommand } from './rooms.ts';
export { addSearchCommand } from './search.ts';
export { addServeCommand } from './serve.ts';
export { addServersCommand } from './servers.ts';
export { addSettingsCommand } from './settings.ts';
export { addShareCommands } from './shares.ts';
export { addStatusCommand } from './status.ts';
export { addTransferCommand } from './transfer.ts';
export { addTransferCommands } from './transfers.ts';
