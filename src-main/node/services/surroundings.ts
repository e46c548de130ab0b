import type { SocketAddress } from '#shared/address.ts';
import type { NodeEvents } from '../events.ts';
import type { Closers, Foundation } from '../foundation.ts';
import type { Links } from '../ports/links.ts';
import type { Outgoing } from '../ports/outgoing.ts';

/** How a node reaches others, and they it. */
export interface Ways {
  /** What this start of the node announces. */
  readonly nonce: string;
  readonly links: () => Links;
  readonly outgoing: Outgoing;
  /** Where it takes links, also from outside. */
  readonly ownAddresses: () => readonly SocketAddress[];
  /** It is in more or fewer rooms than before. */
  readonly onRooms: () => void;
}

/** What every service of a node has around it. */
export interface Surroundings {
  readonly foundation: Foundation;
  readonly ways: Ways;
  readonly events: NodeEvents;
  /** Work nobody waits for; its failure goes to the log. */
  background(work: Promise<unknown>): void;
  /** What was started later is stopped earlier. */
  readonly closers: Closers;
}
