import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createMembership, type Membership, type MembershipOptions } from '#main/discovery/membership.ts';
import { knownDeviceSchema } from '#main/discovery/known-devices.ts';
import { formatAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';

const anna = deviceIdOf(new Uint8Array(32).fill(1));
const address: SocketAddress = { host: '10.0.0.2', port: 47800 };
const hint = { address, source: 'multicast', nonce: 'f'.repeat(16), tag: '00000001' } as const;

interface Dialled {
  readonly address: string;
  readonly expect: DeviceId | null;
  readonly signal: AbortSignal;
  readonly resolve: (id: DeviceId) => void;
  readonly reject: (error: Error) => void;
}

let dialled: Dialled[] = [];
let changes: DeviceId[] = [];
let members: Membership[] = [];

function create(options: Partial<MembershipOptions> = {}): Membership {
  const membership = createMembership({
    nonce: '0'.repeat(16),
    visibility: 'everyone',
    known: [],
    dial: (to, { expect: expected }, signal) => new Promise((resolve, reject) => {
      dialled.push({ address: formatAddress(to), expect: expected, signal, resolve, reject });
      signal.addEventListener('abort', () => reject(new AppError('cancelled')));
    }),
    isBeside: () => false,
    onChange: (id) => changes.push(id),
    random: () => 0.5,
    now: Date.now,
    ...options,
  });
  members.push(membership);
  return membership;
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  [dialled, changes, members] = [[], [], []];
});
afterEach(async () => {
  await Promise.all(members.map((membership) => membership.close()));
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('membership', () => {
  it('dials as many at once as it may without a warning of Node’s', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    const membership = create();
    for (let host = 1; host <= limits.discovery.dialsAtOnce; host++) membership.hint({ ...hint, address: { host: `10.0.1.${host}`, port: 47800 }, nonce: String(host).padStart(16, '0') });
    await settle();
    expect(dialled).toHaveLength(limits.discovery.dialsAtOnce);
    await new Promise((resolve) => { setImmediate(resolve); vi.advanceTimersByTime(1); });
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('dials a hint and lists the device that is there', async () => {
    const membership = create();
    membership.hint(hint);
    expect(dialled).toMatchObject([{ address: '10.0.0.2:47800', expect: null }]);
    membership.linkUp(anna, address, { dialled: true, isNear: true });
    dialled[0]?.resolve(anna);
    await settle();
    vi.advanceTimersByTime(5000);
    expect(membership.peers()).toEqual([{ id: anna, online: true, lastSeen: Date.now(), sources: [{ source: 'multicast', address: '10.0.0.2:47800', lastSeen: 1_000_000 }] }]);
    expect(changes).toContain(anna);
  });

  it('dials again after a failure, later each time', async () => {
    const membership = create();
    membership.typed(address);
    for (const waitMs of [1000, 2000, 4000]) {
      dialled.at(-1)?.reject(new AppError('not-reachable'));
      await settle();
      const count = dialled.length;
      await vi.advanceTimersByTimeAsync(waitMs * 0.74);
      expect(dialled.length).toBe(count);
      await vi.advanceTimersByTimeAsync(waitMs * 0.26);
      expect(dialled.length).toBe(count + 1);
    }
  });

  it('may be used by whoever hears of a change', () => {
    const membership = create({ onChange: (id) => { changes.push(id); if (changes.length === 1) membership.setVisibility('hidden'); } });
    membership.linkUp(anna, address, { dialled: true, isNear: true });
    membership.linkDown(anna, false);
    membership.hint(hint);
    expect(dialled).toEqual([]);
  });

  it('ends its dials when it is closed, and dials nothing after', async () => {
    const membership = create();
    membership.hint(hint);
    await membership.close();
    expect(dialled[0]?.signal.aborted).toBe(true);
    membership.hint({ ...hint, tag: '00000002' });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(dialled).toHaveLength(1);
  });

  it('comes back with what it knew, and takes no damaged records', async () => {
    const membership = create();
    membership.linkUp(anna, address, { dialled: false, isNear: true });
    const kept: unknown = JSON.parse(JSON.stringify(membership.snapshot()));
    const known = z.array(knownDeviceSchema).parse(kept);
    expect(known).toEqual(membership.snapshot());
    const next = create({ known });
    expect(next.peer(anna)).toMatchObject({ online: false, sources: [{ source: 'incoming', address: '10.0.0.2:47800' }] });
    await vi.advanceTimersByTimeAsync(1000);
    expect(dialled).toMatchObject([{ expect: anna }]);
    for (const damage of [{ id: 'x' }, { lastSeen: -1 }, { addresses: [{ host: '', port: 1, seen: {} }] }, { addresses: [{ host: 'a', port: 0, seen: {} }] }, { addresses: Array.from({ length: 17 }, () => known[0]?.addresses[0]) }]) {
      expect(knownDeviceSchema.safeParse({ ...known[0], ...damage }).success).toBe(false);
    }
  });
});
