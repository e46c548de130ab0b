import { createHmac } from 'node:crypto';
import { RoomMachine } from '#main/core/room/room-machine.ts';
import type { RoomLink, RoomPorts, RoomRecord, RoomSink } from '#main/core/room/room-events.ts';
import type { RoomState } from '#main/core/room/room-state.ts';
import { invariant } from '#shared/assert.ts';
import { deviceIdOf, type DeviceId, type RoomId } from '#shared/ids.ts';
import type { RoomEnd } from '#shared/model/room.ts';
import { roomCardSchema, type RoomCard, type RoomNotice, type SignedCard } from '#shared/protocol/room.ts';
import type { RoomHints } from '#shared/room-invitation.ts';

const hmac = (key: Uint8Array, text: string): Uint8Array => createHmac('sha256', key).update(text).digest();
const keyOf = (id: DeviceId): Uint8Array => new TextEncoder().encode(`key of ${id}`);
const mac = (id: DeviceId, text: string): string => createHmac('sha256', keyOf(id)).update(text).digest('base64');

function read(signed: SignedCard): RoomCard | null {
  const card = roomCardSchema.parse(JSON.parse(signed.text));
  return signed.signature === mac(card.owner, signed.text) ? card : null;
}

/** A device with its rooms, and what happened to it. */
export class RoomDevice {
  readonly id: DeviceId;
  readonly name: string;
  machine: RoomMachine;
  readonly gone: { readonly id: RoomId; readonly why: RoomEnd; readonly became: RoomId | null }[] = [];
  readonly introduced: { readonly peer: DeviceId; readonly addresses: readonly string[] }[] = [];
  readonly sink: RoomSink;
  readonly #ports: RoomPorts;

  constructor(number: number, sink: RoomSink) {
    this.sink = sink;
    this.id = deviceIdOf(new Uint8Array(32).fill(number + 1));
    this.name = `Device ${number}`;
    let noise = 0;
    this.#ports = {
      ownId: this.id, hmac, read,
      noise: () => createHmac('sha256', keyOf(this.id)).update(String(noise++)).digest('hex'),
      sign: (card) => {
        invariant(card.owner === this.id, 'nobody signs for another');
        const text = JSON.stringify(card);
        return { text, key: '', signature: mac(card.owner, text) };
      },
    };
    this.machine = new RoomMachine(this.#ports, []);
  }

  /** Its program ends and starts again with what was kept. */
  restart(): void {
    const records: RoomRecord[] = structuredClone([...this.machine.rooms()].map(({ record }) => record));
    this.machine = new RoomMachine(this.#ports, records);
  }
}

interface Message {
  readonly from: RoomDevice;
  readonly to: RoomDevice;
  readonly notice: RoomNotice;
  readonly link: number;
}

/** Devices and the links between them. Messages of one direction of a link keep their order; nothing else does. */
export class RoomWorld {
  readonly devices: RoomDevice[];
  now = 1000;
  /** Every message that was ever sent. */
  readonly sent: Message[] = [];
  #waiting: Message[] = [];
  readonly #links = new Map<string, number>();
  #count = 0;

  constructor(count: number) {
    this.devices = Array.from({ length: count }, (_, number) => {
      const device: RoomDevice = new RoomDevice(number, {
        send: (peer, notice) => { this.#send(device, peer, notice); },
        changed: () => undefined,
        gone: (id, _name, why, became) => device.gone.push({ id, why, became }),
        rights: () => undefined,
        introduced: (peer, addresses) => device.introduced.push({ peer, addresses: addresses.map(({ address }) => address) }),
      });
      return device;
    });
  }

  device(number: number): RoomDevice {
    const device = this.devices[number];
    invariant(device !== undefined, 'the device exists');
    return device;
  }

  areLinked(a: RoomDevice, b: RoomDevice): boolean {
    return this.#links.has(this.#key(a, b));
  }

  link(a: RoomDevice, b: RoomDevice, way: Pick<RoomLink, 'path' | 'vpn'> = { path: 'lan', vpn: null }): void {
    if (a === b || this.areLinked(a, b)) return;
    const number = ++this.#count;
    this.#links.set(this.#key(a, b), number);
    const exporter = new Uint8Array([number >> 8, number & 255]);
    for (const [one, other] of [[a, b], [b, a]] as const) {
      one.machine.linkUp(this.now, { peer: other.id, name: other.name, exporter, address: { address: `192.168.1.${this.devices.indexOf(other) + 1}:47800`, path: way.path, ...(way.vpn === null ? {} : { vpn: way.vpn }) }, ...way }, one.sink);
    }
  }

  unlink(a: RoomDevice, b: RoomDevice): void {
    if (!this.#links.delete(this.#key(a, b))) return;
    a.machine.linkDown(this.now, b.id, a.sink);
    b.machine.linkDown(this.now, a.id, b.sink);
  }

  linkAll(): void {
    for (const a of this.devices) for (const b of this.devices) this.link(a, b);
  }

  restart(device: RoomDevice): void {
    for (const other of this.devices) this.unlink(device, other);
    device.restart();
  }

  get isQuiet(): boolean {
    return this.#waiting.length === 0;
  }

  /** Delivers one message, chosen by a number in [0, 1) among those that may come next. */
  deliver(chance = 0): void {
    const first = this.#waiting.filter((message, at) => !this.#waiting.slice(0, at).some(({ from, to }) => from === message.from && to === message.to));
    const message = first[Math.floor(chance * first.length)];
    if (message === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(message), 1);
    this.now += 1;
    if (this.#links.get(this.#key(message.from, message.to)) === message.link) message.to.machine.hear(this.now, message.from.id, message.notice, message.to.sink);
  }

  settle(): void {
    for (let turns = 0; !this.isQuiet; turns++) {
      invariant(turns < 20_000, 'members stop talking');
      // Whoever has much to say is not dropped for it here; that is a test of its own.
      this.now += 10_000;
      this.deliver();
    }
  }

  #send(from: RoomDevice, peer: DeviceId, notice: RoomNotice): void {
    const to = this.devices.find(({ id }) => id === peer);
    invariant(to !== undefined, 'somebody is told');
    const message = { from, to, notice, link: this.#links.get(this.#key(from, to)) ?? 0 };
    this.sent.push(message);
    this.#waiting.push(message);
  }

  #key(a: RoomDevice, b: RoomDevice): string {
    return [this.devices.indexOf(a), this.devices.indexOf(b)].sort((x, y) => x - y).join('-');
  }
}

export const secretNumber = (number: number): Uint8Array<ArrayBuffer> => new Uint8Array(16).fill(number);

/** The words of the room in most tests. */
export const secret = secretNumber(7);

/** Of a device that is in one room: that. */
export const onlyRoom = (device: RoomDevice): RoomState => {
  const [room] = [...device.machine.rooms()];
  invariant(room !== undefined, 'it is in a room');
  return room;
};
/** Who is here, as a device sees it. */
export const hereAt = (device: RoomDevice): string[] => {
  const room = onlyRoom(device);
  return [...room.members.keys()].filter((id) => device.machine.isHere(room, id)).sort();
};
export const ids = (...devices: RoomDevice[]): string[] => devices.map(({ id }) => id).sort();
/** The invitation of a device, which names `host` as the one to ask. */
export const hintsOf = (device: RoomDevice, host = device): RoomHints => {
  const room = onlyRoom(device);
  invariant(room.owner !== null, 'somebody made it');
  return { id: room.id, name: room.name, owner: room.owner, endsAt: room.endsAt, host: host.id, addresses: [{ host: '192.168.1.9', port: 47_800 }] };
};

/** A room of the first devices, all linked; `others` are in none. */
export function party(members: number, others = 0): { world: RoomWorld; owner: RoomDevice; all: RoomDevice[] } {
  const world = new RoomWorld(members + others);
  const all = world.devices.slice(0, members);
  const owner = world.device(0);
  owner.machine.create(world.now, { secret, name: 'Party', lastsMs: null }, owner.sink);
  for (const device of all.slice(1)) device.machine.join(world.now, secret, null, device.sink);
  world.linkAll();
  world.settle();
  return { world, owner, all };
}
