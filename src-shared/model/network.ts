import * as z from 'zod';
import { limits } from '../limits.ts';

/** A network that a program weaves over others (an overlay), by the program that makes it; `other`: one whose name we do not know. */
export const vpnSchema = z.enum(['tailscale', 'wireguard', 'zerotier', 'netbird', 'hamachi', 'other']);
export type Vpn = z.infer<typeof vpnSchema>;

/** What they call themselves, the same in every language. */
export const vpnNames = { tailscale: 'Tailscale', wireguard: 'WireGuard', zerotier: 'ZeroTier', netbird: 'NetBird', hamachi: 'Hamachi' } as const satisfies Record<Exclude<Vpn, 'other'>, string>;

/** What the setting `unusedNetworks` holds of a network. */
export const networkKeySchema = z.string().min(1).max(limits.networks.keyChars);

/** A network that this machine is on, as every face sees it. Loopback is none. */
export const networkSchema = z.object({
  /** The interface, as the system calls it. */
  name: z.string(),
  /**
   * By what it is switched: its name, but for a VPN that we know on an interface that the system numbers anew at every
   * start (`utun4` on a Mac), which is then the VPN.
   */
  key: networkKeySchema,
  /** Null: no VPN; cable, Wi-Fi, or made for virtual machines. */
  vpn: vpnSchema.nullable(),
  /** Our addresses there (hosts). Link-local ones only where there is no other. */
  addresses: z.array(z.string()),
  /** Whether people are linked over it. */
  used: z.boolean(),
});
export type Network = z.infer<typeof networkSchema>;

/** `unusedNetworks` with one network switched on or off. */
export const withNetwork = (unused: readonly string[], key: string, used: boolean): string[] => [...unused.filter((other) => other !== key), ...(used ? [] : [key])];
