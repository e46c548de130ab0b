import type { DeviceId } from '#shared/ids.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';

/** Hands messages to devices, wherever they listen. */
export interface Mailboxes {
  /** Whether the device listens at this very server. */
  isHere(to: DeviceId): boolean;
  /** Hands the message to every WebSocket of the device; false when it has none. Whether it has one at another server takes a moment to know. */
  deliver(to: DeviceId, message: ServerMessage): boolean | Promise<boolean>;
}
