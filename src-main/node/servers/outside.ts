import { isIP } from 'node:net';
import type { SocketAddress } from '#shared/address.ts';
import type { Settings } from '#shared/settings.ts';
import { PortMapper } from '../../net/port-mapping/port-mapper.ts';
import type { Services } from '../services.ts';

/** Keeps a port of the router open while a server or a room may send people from outside to us, and tells them of it. */
export function createOutside({ foundation, rooms, servers }: Services, port: number, listen: string | undefined): Outside {
  const { settings, now } = foundation;
  const mapper = new PortMapper({
    now, port,
    onlyHost: listen !== undefined && isIP(listen) !== 0 && listen !== '0.0.0.0' && listen !== '::' ? listen : null,
    unused: () => settings.get().unusedNetworks,
    ways: async () => (await import('../../net/port-mapping/mapping-ways.ts')).mappingWays,
    onAddress: () => {
      servers.news();
      rooms.setOutside(settings.get().name, mapper.address);
    },
  });
  const apply = (): void => { mapper.set(whatFor(settings.get(), rooms.tags().length)); };
  return { mapper, apply };
}

export interface Outside {
  readonly mapper: PortMapper;
  /** Settings or rooms have changed. */
  readonly apply: () => void;
}

/** Whoever is hidden is not to be found from outside either. */
function whatFor({ portMapping, visibility, servers }: Settings, rooms: number): { isOn: boolean; isNeeded: boolean } {
  return { isOn: portMapping === 'on' && visibility !== 'hidden', isNeeded: servers.length > 0 || rooms > 0 };
}

/** What others are told: our own address of the first network, then the router's, because of many addresses only the first few are told. */
export const withOutside = (own: readonly SocketAddress[], outside: SocketAddress | null): readonly SocketAddress[] => (outside === null ? own : [...own.slice(0, 1), outside, ...own.slice(1)]);
