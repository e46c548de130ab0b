import { expect, it } from 'vitest';
import { interfacesReader, type Interfaces } from '#main/net/own-interfaces.ts';

const info = (address: string) => ({ address, netmask: '', family: 'IPv4' as const, mac: '', internal: false, cidr: `${address}/24` });

it('interfaces are those of before while the system does not tell', () => {
  const told: (Interfaces | null)[] = [null, { eth0: [info('192.0.2.5')] }, null, { wlan0: [info('198.51.100.5')] }];
  const read = interfacesReader(() => {
    const next = told.shift();
    if (next === null || next === undefined) throw new Error('uv_interface_addresses returned EMFILE');
    return next;
  });
  expect([1, 2, 3, 4].map(() => Object.keys(read()))).toEqual([[], ['eth0'], ['eth0'], ['wlan0']]);
});
