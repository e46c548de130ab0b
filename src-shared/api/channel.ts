/**
 * One connection between a face and a node, whatever carries it (WebSocket, local socket, IPC port): whole text
 * messages, in order, both ways. Each end has one owner, which sets the listeners before the first message can arrive.
 */
export interface ApiChannel {
  /** `sent` is called once the message has left this side's buffers; never when the channel closed before. */
  send(text: string, sent?: () => void): void;
  onMessage(listener: (text: string) => void): void;
  /** Called once, when either end closed it. */
  onClose(listener: () => void): void;
  close(): void;
}
