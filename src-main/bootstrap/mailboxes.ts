import type { DeviceId } from '#shared/ids.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';

/** Hands messages to devices, wherever they listen. That they do at another server takes a moment to know. */
export interface Mailboxes {
  isThere(to: DeviceId): boolean | Promise<boolean>;
  /** Hands the message to every WebSocket of the device; false when it has none. */
  deliver(to: DeviceId, message: ServerMessage): boolean | Promise<boolean>;
}
