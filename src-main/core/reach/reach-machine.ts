import { assertNever } from '#shared/assert.ts';
import type { DeviceId } from '#shared/ids.ts';
import { minute, second, type Millis } from '#shared/units.ts';

export type ReachEvent =
  /** A server named a device that we want to be linked with. `mutual`: it wants us as well, since both are in a room. */
  | { readonly type: 'wanted'; readonly id: DeviceId; readonly mutual: boolean }
  /** No server names it any more. */
  | { readonly type: 'gone'; readonly id: DeviceId }
  | { readonly type: 'linked'; readonly id: DeviceId; readonly relayed: boolean }
  | { readonly type: 'unlinked'; readonly id: DeviceId }
  /** A hole could not be made, or nobody answered. */
  | { readonly type: 'punch-failed'; readonly id: DeviceId }
  | { readonly type: 'tick' };

export interface ReachSink {
  /** Ask it to dial us, and dial it once more where there is a link over a relay. */
  call(id: DeviceId): void;
  /** Make holes in both routers. Answer with `linked` or `punch-failed`. */
  punch(id: DeviceId): void;
  /** Let a server carry the link. */
  relay(id: DeviceId): void;
}

type Way = 'call' | 'punch' | 'relay';

type Plan = readonly (readonly [Way, Millis])[];
/** When each way is tried, from the beginning of a try: addresses that can be dialled have been by then. */
const plan: Plan = [['call', 0], ['punch', 1.5 * second], ['relay', 4.5 * second]];
/** After a relay was lost, perhaps in the middle of a download, another one is the quickest way back. */
const planAfterRelay: Plan = [['relay', 0], ['call', second], ['punch', 2 * second]];
/** Of two devices that want each other, the one with the greater id leaves the beginning to the other. */
const laterPlan: Plan = [['call', 0], ['punch', 7 * second], ['relay', 12 * second]];
const laterPlanAfterRelay: Plan = [['call', 0], ['relay', 3 * second], ['punch', 7 * second]];
/** A try ends so long after its last way. */
const lastsMs = 15 * second;
/** After a link over a relay is up, a better one is tried this soon, and then with growing waits. */
const betterMs = 5 * second;
/** A better link takes the place of a relayed one just after that has ended. */
const replacedMs = 100;
const retryFirstMs = 30 * second;
const retryMaxMs = 15 * minute;
/** Tries under way at once. */
const triesAtOnce = 16;
/** Links over relays that are begun by us: a server has more to carry. */
const relayedAtOnce = 16;

interface Device {
  readonly id: DeviceId;
  mutual: boolean;
  path: 'none' | 'relay' | 'direct';
  /** When the present or next try begins; null: none is to come. */
  beginsAt: Millis | null;
  /** Ways of the present try that were begun; the number of all of them: it only waits for its end. */
  step: number;
  isTrying: boolean;
  failures: number;
  /** It was linked over a relay until a moment ago. */
  lostRelay: boolean;
}

/**
 * When to try which way to a device that a bootstrap server knows and that dialling alone may not reach: asking it to dial us, holes in both routers, and at
 * last a relay, which later gives way to something better. Pure.
 */
export class ReachMachine {
  readonly #self: DeviceId;
  readonly #random: () => number;
  readonly #devices = new Map<DeviceId, Device>();
  #trying = 0;
  /** When something is due; null: nothing is. */
  nextAt: Millis | null = null;

  constructor(self: DeviceId, random: () => number) {
    this.#self = self;
    this.#random = random;
  }

  step(now: Millis, event: ReachEvent, out: ReachSink): void {
    switch (event.type) {
      case 'wanted': this.#wanted(now, event.id, event.mutual); break;
      case 'gone': this.#gone(event.id); break;
      case 'linked': this.#linked(now, event.id, event.relayed); break;
      case 'unlinked': this.#unlinked(now, event.id); break;
      case 'punch-failed': this.#punchFailed(event.id, out); break;
      case 'tick': break;
      default: assertNever(event);
    }
    this.#act(now, out);
  }

  /** Whether it is in a room of ours, as a server says. */
  wants(id: DeviceId): boolean {
    return this.#devices.get(id)?.mutual === true;
  }

  get count(): number {
    return this.#devices.size;
  }

  #wanted(now: Millis, id: DeviceId, mutual: boolean): void {
    const known = this.#devices.get(id);
    if (known === undefined) {
      this.#devices.set(id, { id, mutual, path: 'none', beginsAt: now, step: 0, isTrying: false, failures: 0, lostRelay: false });
      return;
    }
    known.mutual ||= mutual;
    // Somebody asks for it again, or it has come back: no reason to go on waiting.
    if (known.path === 'none' && !known.isTrying) known.beginsAt = now;
  }

  #gone(id: DeviceId): void {
    const device = this.#devices.get(id);
    if (device === undefined) return;
    device.mutual = false;
    if (device.path === 'none') this.#forget(device);
  }

  #linked(now: Millis, id: DeviceId, relayed: boolean): void {
    const device = this.#devices.get(id);
    if (device === undefined) return;
    this.#stop(device);
    device.path = relayed ? 'relay' : 'direct';
    device.failures = 0;
    device.lostRelay = false;
    device.beginsAt = relayed ? now + betterMs : null;
  }

  #unlinked(now: Millis, id: DeviceId): void {
    const device = this.#devices.get(id);
    if (device === undefined) return;
    this.#stop(device);
    device.lostRelay = device.path === 'relay';
    device.path = 'none';
    device.beginsAt = now + (device.lostRelay ? replacedMs : Math.ceil(this.#random() * second));
  }

  #punchFailed(id: DeviceId, out: ReachSink): void {
    const device = this.#devices.get(id);
    // The next way need not wait for this one.
    if (device?.isTrying === true && this.#waysOf(device)[device.step]?.[0] === 'relay') this.#take(device, 'relay', out);
  }

  #act(now: Millis, out: ReachSink): void {
    let nextAt = Infinity;
    let isCrowded = false;
    for (const device of this.#devices.values()) {
      if (device.beginsAt === null) continue;
      if (!device.isTrying && device.beginsAt <= now) {
        if (this.#trying >= triesAtOnce) {
          isCrowded = true;
          continue;
        }
        this.#trying++;
        device.isTrying = true;
        device.beginsAt = now;
      }
      if (device.isTrying) this.#go(now, device, out);
      if (device.beginsAt !== null) nextAt = Math.min(nextAt, device.isTrying ? this.#dueAt(device) : Math.max(device.beginsAt, now + 1));
    }
    // A place became free behind somebody who waits for one.
    if (isCrowded && this.#trying < triesAtOnce) nextAt = now;
    this.nextAt = nextAt === Infinity ? null : nextAt;
  }

  #go(now: Millis, device: Device, out: ReachSink): void {
    while (device.isTrying && this.#dueAt(device) <= now) {
      const way = this.#waysOf(device)[device.step];
      if (way === undefined) return this.#ended(now, device);
      this.#take(device, way[0], out);
    }
  }

  #take(device: Device, way: Way, out: ReachSink): void {
    device.step++;
    if (way === 'call') out.call(device.id);
    else if (way === 'punch') out.punch(device.id);
    else if (device.path === 'none' && this.#relayed() < relayedAtOnce) out.relay(device.id);
  }

  #ended(now: Millis, device: Device): void {
    this.#stop(device);
    device.failures++;
    device.lostRelay = false;
    if (!device.mutual && device.path === 'none') return this.#forget(device);
    device.beginsAt = now + Math.ceil(Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(device.failures - 1, 10)) * (1 - this.#random() / 4));
  }

  #stop(device: Device): void {
    if (device.isTrying) this.#trying--;
    device.isTrying = false;
    device.step = 0;
    device.beginsAt = null;
  }

  #forget(device: Device): void {
    this.#stop(device);
    this.#devices.delete(device.id);
  }

  #waysOf({ id, mutual, lostRelay }: Device): Plan {
    if (mutual && this.#self > id) return lostRelay ? laterPlanAfterRelay : laterPlan;
    return lostRelay ? planAfterRelay : plan;
  }

  #dueAt(device: Device): Millis {
    const ways = this.#waysOf(device);
    const [, after] = ways[device.step] ?? [null, (ways.at(-1)?.[1] ?? 0) + lastsMs];
    return (device.beginsAt ?? 0) + after;
  }

  #relayed(): number {
    let count = 0;
    for (const { path } of this.#devices.values()) if (path === 'relay') count++;
    return count;
  }
}
