import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Mapping, Outcome } from '#main/net/port-mapping/mapping.ts';
import { PortMapper } from '#main/net/port-mapping/port-mapper.ts';
import type { Router } from '#main/net/port-mapping/routers.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const home: Router = { host: '192.168.1.1', localHost: '192.168.1.24', network: 'eth0' };
const café: Router = { host: '10.0.0.1', localHost: '10.0.0.9', network: 'wlan0' };
const port = 47_800;
const grants = (router: Router): Outcome => ({ kind: 'granted', mapping: { method: 'pcp', router, host: '5.5.5.1', outsidePort: 50_000, lifetimeMs: 3_600_000, isCheap: true, proof: null } });

function world({ onlyHost = null, answer = grants }: { readonly onlyHost?: string | null; readonly answer?: (router: Router) => Outcome | Promise<Outcome> } = {}) {
  const said: string[] = [];
  const state = { routers: [home] as readonly Router[], answer };
  const mapper: PortMapper = new PortMapper({
    now: Date.now, port, onlyHost, unused: () => [],
    ways: () => Promise.resolve({
      routers: () => Promise.resolve(state.routers),
      methods: [
        (router: Router, { before }: { readonly before: Mapping | null }) => {
          said.push(`ask ${router.host}${before === null ? '' : ' again'}`);
          return Promise.resolve(state.answer(router));
        },
        () => Promise.resolve<Outcome>({ kind: 'silent' }),
      ],
      end: ({ router }: Mapping) => {
        said.push(`end ${router.host}`);
        return Promise.resolve();
      },
    }),
    onAddress: () => { said.push(`at ${mapper.address === null ? 'nowhere' : `${mapper.address.host}:${mapper.address.port}`}`); },
  });
  return { mapper, said, state, want: (isNeeded = true) => { mapper.set({ isOn: true, isNeeded }); }, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

it('asks nobody while nobody needs it, and then keeps a port open until it is closed', async () => {
  const { mapper, said, want, pass } = world();
  want(false);
  await pass(10_000);
  expect([mapper.state, said]).toEqual([{ state: 'unneeded' }, []]);
  want();
  expect(mapper.state).toEqual({ state: 'asking' });
  await pass(0);
  expect(mapper.state).toMatchObject({ state: 'mapped', router: '192.168.1.1', network: 'eth0', address: '5.5.5.1:50000', isPublic: true });
  await pass(2 * 60_000);
  mapper.networksChanged();
  await pass(2000);
  await mapper.close();
  expect(said).toEqual(['ask 192.168.1.1', 'at 5.5.5.1:50000', 'ask 192.168.1.1 again', 'at nowhere', 'end 192.168.1.1']);
  await pass(3_600_000);
  expect(said).toHaveLength(5);
});

it('follows the device into another network, and gives up where it is switched off', async () => {
  const { mapper, said, state, want, pass } = world();
  want();
  await pass(0);
  state.routers = [café];
  mapper.networksChanged();
  await pass(1000);
  expect(said.slice(2)).toEqual(['at nowhere', 'end 192.168.1.1', 'ask 10.0.0.1', 'at 5.5.5.1:50000']);
  state.routers = [];
  mapper.networksChanged();
  await pass(1000);
  expect([mapper.state, mapper.address]).toEqual([{ state: 'no-router' }, null]);
  mapper.set({ isOn: false, isNeeded: true });
  expect(mapper.state).toEqual({ state: 'off' });
  await mapper.close();
});

it('gives back what a router grants after the end', async () => {
  let grant: (outcome: Outcome) => void = () => undefined;
  const { mapper, said, want, pass } = world({ answer: () => new Promise((resolve) => { grant = resolve; }) });
  want();
  await pass(0);
  const closed = mapper.close();
  grant(grants(home));
  await closed;
  expect(said).toEqual(['ask 192.168.1.1', 'end 192.168.1.1']);
});

it('takes links at one address only: routers of other networks are not asked', async () => {
  const { mapper, said, want, pass } = world({ onlyHost: '127.0.0.1' });
  want();
  await pass(0);
  expect([mapper.state, said]).toEqual([{ state: 'no-router' }, []]);
  await mapper.close();
});

it('says why there is none, and asks again when somebody wants to know', async () => {
  const { mapper, state, want, pass } = world({ answer: () => ({ kind: 'refused', reason: 'UPnP 606' }) });
  const { signal } = new AbortController();
  want();
  const first = mapper.check(signal);
  await pass(0);
  expect(await first).toMatchObject({ state: 'failed', router: '192.168.1.1', reason: 'UPnP 606' });
  state.answer = () => ({ kind: 'silent' });
  const second = mapper.check(signal);
  await pass(0);
  expect(await second).toMatchObject({ state: 'none', router: '192.168.1.1' });
  state.answer = (router) => ({ kind: 'granted', mapping: { method: 'upnp', router, host: '100.70.1.1', outsidePort: port, lifetimeMs: 1, isCheap: false, proof: null } });
  const third = mapper.check(signal);
  await pass(0);
  expect(await third).toMatchObject({ state: 'mapped', method: 'upnp', isPublic: false });
  await mapper.close();
});
