import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Reads this machine's interfaces. To ask, the system opens a socket: a process that may open no more files is told what was there the last time. */
export function interfacesReader(read: () => Interfaces = networkInterfaces): () => Interfaces {
  let last: Interfaces = {};
  return () => {
    try {
      last = read();
    } catch {
      // Interfaces seldom change, and whoever asks comes again.
    }
    return last;
  };
}

export const ownInterfaces = interfacesReader();
