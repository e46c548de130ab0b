import type { DeviceId } from '#shared/ids.ts';
import type { RoomTag } from '#shared/protocol/bootstrap.ts';
import type { NodeRecord } from './node-record.ts';

const none: readonly NodeRecord[] = [];

/** Who registered which room: members by device id, so that a page of them begins anywhere. */
export class Rooms {
  readonly #members = new Map<RoomTag, NodeRecord[]>();

  get size(): number {
    return this.#members.size;
  }

  members(room: RoomTag): readonly NodeRecord[] {
    return this.#members.get(room) ?? none;
  }

  /** Members from the first after `deviceId` on. */
  after(room: RoomTag, deviceId: DeviceId, most: number): readonly NodeRecord[] {
    const members = this.members(room);
    const from = firstFrom(members, deviceId);
    const skip = members[from]?.deviceId === deviceId ? 1 : 0;
    return members.slice(from + skip, from + skip + most);
  }

  /** The node must not be in it. */
  add(room: RoomTag, node: NodeRecord): void {
    const members = this.#members.get(room);
    if (members === undefined) this.#members.set(room, [node]);
    else members.splice(firstFrom(members, node.deviceId), 0, node);
  }

  remove(room: RoomTag, node: NodeRecord): void {
    const members = this.#members.get(room);
    const at = members === undefined ? -1 : firstFrom(members, node.deviceId);
    if (members?.[at] !== node) return;
    members.splice(at, 1);
    if (members.length === 0) this.#members.delete(room);
  }
}

function firstFrom(members: readonly NodeRecord[], deviceId: DeviceId): number {
  let [low, high] = [0, members.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((members[middle]?.deviceId ?? '') < deviceId) low = middle + 1;
    else high = middle;
  }
  return low;
}
