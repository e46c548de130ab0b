import { isIP } from 'node:net';
import type { SocketAddress } from '#shared/address.ts';
import type { Settings } from '#shared/settings.ts';
import { PortMapper } from '../../net/port-mapping/port-mapper.ts';
import type { Services } from '../services.ts';

/** Keeps a port of the router open while a server or a room may send people from outside to us, and tells them of it. */
export function createOutside({ foundation, rooms, servers }: Services, port: number, listen: string | undefined): Outside {
  const { settings, now } = foundation;
  const ports = {
    now, port,
    onlyHost: listen !== undefined && isIP(listen) !== 0 && listen !== '0.0.0.0' && listen !== '::' ? listen : null,
    unused: () => settings.get().unusedNetworks,
  };
  const ways = () => import('../../net/port-mapping/mapping-ways.ts');
  const mapper = new PortMapper({
    ...ports,
    ways: async () => (await ways()).mappingWays,
    onAddress: () => {
      servers.news();
      rooms.setOutside(settings.get().name, mapper.address);
    },
  });
  // Our IPv6 addresses are told anyway; through the pinhole they can be reached.
  const pinhole = new PortMapper({ ...ports, ways: async () => (await ways()).pinholeWays, onAddress: () => undefined });
  const both = [mapper, pinhole];
  return {
    mapper,
    apply: () => { for (const each of both) each.set(whatFor(settings.get(), rooms.tags().length)); },
    networksChanged: () => { for (const each of both) each.networksChanged(); },
    close: async () => { await Promise.all(both.map((each) => each.close())); },
  };
}

export interface Outside {
  /** The port that is forwarded to us. */
  readonly mapper: PortMapper;
  /** Settings or rooms have changed. */
  readonly apply: () => void;
  readonly networksChanged: () => void;
  readonly close: () => Promise<void>;
}

/** Whoever is hidden is not to be found from outside either. */
function whatFor({ portMapping, visibility, servers }: Settings, rooms: number): { isOn: boolean; isNeeded: boolean } {
  return { isOn: portMapping === 'on' && visibility !== 'hidden', isNeeded: servers.length > 0 || rooms > 0 };
}

/** What others are told: our own address of the first network, then the router's, because of many addresses only the first few are told. */
export const withOutside = (own: readonly SocketAddress[], outside: SocketAddress | null): readonly SocketAddress[] => (outside === null ? own : [...own.slice(0, 1), outside, ...own.slice(1)]);
