/**
 * The name a device starts with, and the hue of its picture. Both come from the same hash of the device id, so that name
 * and picture always agree until the user chooses another name.
 */
export const hueNames = ['Rose', 'Coral', 'Copper', 'Amber', 'Moss', 'Jade', 'Teal', 'Cobalt', 'Indigo', 'Lilac', 'Plum', 'Slate'] as const;
export type HueName = (typeof hueNames)[number];

const animals = [
  'Badger', 'Bison', 'Condor', 'Crane', 'Curlew', 'Dolphin', 'Egret', 'Elk', 'Falcon', 'Finch', 'Fox', 'Gannet', 'Gecko', 'Hare', 'Heron',
  'Ibex', 'Ibis', 'Jay', 'Kestrel', 'Kite', 'Lark', 'Lynx', 'Marten', 'Merlin', 'Moose', 'Newt', 'Orca', 'Osprey', 'Otter', 'Owl', 'Panda',
  'Petrel', 'Plover', 'Puffin', 'Puma', 'Quail', 'Raven', 'Robin', 'Sable', 'Seal', 'Shrike', 'Stoat', 'Stork', 'Swan', 'Swift', 'Tapir',
  'Tern', 'Toad', 'Vole', 'Walrus', 'Weasel', 'Whale', 'Wolf', 'Wombat', 'Wren', 'Yak',
] as const;

/** The avatar recipe uses bytes 0 to 15 of the hash; these two come after. */
const hueByte = 16;
const animalByte = 17;

const byteOf = (hashHex: string, index: number): number => parseInt(hashHex.slice(2 * index, 2 * index + 2), 16) || 0;

/** Hue of a device, by the hex SHA-256 of its id. */
export const hueNameOf = (hashHex: string): HueName => hueNames[byteOf(hashHex, hueByte) % hueNames.length] ?? 'Slate';

/** First name of a device, "Jade Otter", by the hex SHA-256 of its id. */
export const friendlyNameOf = (hashHex: string): string => `${hueNameOf(hashHex)} ${animals[byteOf(hashHex, animalByte) % animals.length] ?? 'Otter'}`;
