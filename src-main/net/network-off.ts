import { AppError } from '#shared/errors.ts';
import { networkOf } from './networks.ts';

/** Whether connections with this end of ours (a local address) are wanted. */
export type IsUsedHost = (localHost: string) => boolean;

/** Why there is no connection over the network of a local address. */
export function networkOff(localHost: string, address: string): AppError {
  const network = networkOf(localHost);
  return new AppError('network-off', { address, ...(network === null ? {} : { name: network.name }) });
}
