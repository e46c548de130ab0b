import type { Bytes } from '#shared/units.ts';

/** A node's connection to the network, one for each direction. */
export type PortNumber = number;
export type FlowNumber = number;

/** Levels that differ by less than this part are the same: rounding must not travel through the network. */
const tolerance = 1e-9;

/**
 * Max-min fair rates of flows that each cross two ports, the sender's and the receiver's: the only narrow places of a star.
 *
 * Each port has a level: the most it gives one flow. Flows that get less elsewhere take less, the others share what is
 * left in equal parts, so the sum over its flows of min(level, level of the other port) is its capacity; a port with
 * capacity to spare has the level infinity. Rates at which every port's level is right are max-min fair, and there is only
 * one such set (Bertsekas and Gallager, Data Networks, 6.5), so levels may be corrected one by one, only where something
 * changed, until they stay: the port with the smallest level is right at once, then the next one. A change at one node
 * costs what it touches, not the size of the network.
 */
export class FairShare {
  /** Bytes per microsecond. */
  readonly #capacity: number[] = [];
  readonly #level: number[] = [];
  /** Flows of each port, in no order. */
  readonly #flows: FlowNumber[][] = [];
  readonly #waiting: PortNumber[] = [];
  readonly #isWaiting: boolean[] = [];
  readonly #from: PortNumber[] = [];
  readonly #to: PortNumber[] = [];
  /** Where a flow stands in its ports' lists; −1: closed. */
  readonly #placeFrom: number[] = [];
  readonly #placeTo: number[] = [];
  readonly #rate: number[] = [];
  readonly #touched: FlowNumber[] = [];
  readonly #isTouched: boolean[] = [];

  /** `bytesPerMicro` > 0; Infinity for a port that is never narrow. */
  addPort(bytesPerMicro: number): PortNumber {
    this.#level.push(Infinity);
    this.#flows.push([]);
    this.#isWaiting.push(false);
    return this.#capacity.push(bytesPerMicro) - 1;
  }

  /** A flow that is closed at first. */
  addFlow(from: PortNumber, to: PortNumber): FlowNumber {
    this.#to.push(to);
    this.#placeFrom.push(-1);
    this.#placeTo.push(-1);
    this.#rate.push(0);
    this.#isTouched.push(false);
    return this.#from.push(from) - 1;
  }

  setCapacity(port: PortNumber, bytesPerMicro: number): void {
    this.#capacity[port] = bytesPerMicro;
    this.#wait(port);
  }

  isOpen(flow: FlowNumber): boolean {
    return (this.#placeFrom[flow] ?? -1) >= 0;
  }

  open(flow: FlowNumber): void {
    const from = this.#from[flow] ?? 0;
    const to = this.#to[flow] ?? 0;
    this.#placeFrom[flow] = (this.#flows[from]?.push(flow) ?? 0) - 1;
    this.#placeTo[flow] = (this.#flows[to]?.push(flow) ?? 0) - 1;
    this.#touch(flow);
    this.#wait(from);
    this.#wait(to);
  }

  close(flow: FlowNumber): void {
    const from = this.#from[flow] ?? 0;
    const to = this.#to[flow] ?? 0;
    remove(this.#flows[from] ?? [], this.#placeFrom, flow);
    remove(this.#flows[to] ?? [], this.#placeTo, flow);
    // At once: if it opens again before the others are settled, it begins anew.
    this.#rate[flow] = 0;
    this.#wait(from);
    this.#wait(to);
  }

  /** Bytes per microsecond as of the last `settle`; 0 for a flow that is closed or was opened since. */
  rate(flow: FlowNumber): number {
    return this.#rate[flow] ?? 0;
  }

  get isSettled(): boolean {
    return this.#waiting.length === 0;
  }

  /** Makes the rates right again and names every open flow whose rate has changed, with the rate it had. */
  settle(changed: (flow: FlowNumber, before: number) => void): void {
    for (let at = 0; at < this.#waiting.length; at++) {
      const port = this.#waiting[at] ?? 0;
      this.#isWaiting[port] = false;
      this.#correct(port);
    }
    this.#waiting.length = 0;
    for (let at = 0; at < this.#touched.length; at++) {
      const flow = this.#touched[at] ?? 0;
      this.#isTouched[flow] = false;
      const before = this.#rate[flow] ?? 0;
      if (!this.isOpen(flow)) continue;
      const rate = Math.min(this.#level[this.#from[flow] ?? 0] ?? 0, this.#level[this.#to[flow] ?? 0] ?? 0);
      if (rate === before) continue;
      this.#rate[flow] = rate;
      changed(flow, before);
    }
    this.#touched.length = 0;
  }

  #correct(port: PortNumber): void {
    const before = this.#level[port] ?? Infinity;
    const after = this.#fairLevel(port);
    if (before === after || Math.abs(after - before) <= tolerance * Math.min(before, after)) return;
    this.#level[port] = after;
    for (const flow of this.#flows[port] ?? []) {
      this.#touch(flow);
      const other = this.#otherEnd(flow, port);
      // The other port holds the flow below both levels already: nothing changes there.
      const there = this.#level[other] ?? Infinity;
      if (before < there || after < there || there === Infinity) this.#wait(other);
    }
  }

  /** Progressive filling of one port, with the other ports' levels as they are. */
  #fairLevel(port: PortNumber): number {
    const flows = this.#flows[port] ?? [];
    const capacity = this.#capacity[port] ?? 0;
    let level = capacity / flows.length;
    for (let limitedBefore = 0; ;) {
      let limited = 0;
      let taken = 0;
      for (const flow of flows) {
        const there = this.#level[this.#otherEnd(flow, port)] ?? Infinity;
        if (there >= level) continue;
        taken += there;
        limited++;
      }
      if (limited === flows.length) return Infinity;
      // Fewer than before: rounding, of two levels that are the same.
      if (limited <= limitedBefore) return level;
      limitedBefore = limited;
      level = (capacity - taken) / (flows.length - limited);
    }
  }

  #otherEnd(flow: FlowNumber, port: PortNumber): PortNumber {
    const from = this.#from[flow] ?? 0;
    return from === port ? (this.#to[flow] ?? 0) : from;
  }

  #wait(port: PortNumber): void {
    if (this.#isWaiting[port] === true) return;
    this.#isWaiting[port] = true;
    this.#waiting.push(port);
  }

  #touch(flow: FlowNumber): void {
    if (this.#isTouched[flow] === true) return;
    this.#isTouched[flow] = true;
    this.#touched.push(flow);
  }
}

/** Takes a flow out of a port's list: the last one takes its place. */
function remove(flows: FlowNumber[], places: number[], flow: FlowNumber): void {
  const place = places[flow] ?? -1;
  const last = flows.pop();
  if (last !== undefined && last !== flow) {
    flows[place] = last;
    places[last] = place;
  }
  places[flow] = -1;
}

/** Bytes per second, as settings and reports have it, to bytes per microsecond, as the simulator counts. */
export const perMicro = (bytesPerSecond: Bytes): number => bytesPerSecond / 1e6;
