import { assertNever } from '#shared/assert.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { KiB } from '#shared/units.ts';

/** Events under way to a client at once; the rest waits here, where newer states replace older ones. */
const maxUnsentBytes = 256 * KiB;
/** Different things with news for a client that does not read. Beyond this it is cheaper for it to come back and ask. */
const maxWaiting = 20_000;
const maxProblems = 50;

/** The thing an event is about; a later event about it makes an earlier one superfluous. */
function subject(event: NodeEvent): string {
  switch (event.type) {
    case 'status': case 'settings': return event.type;
    case 'peer': return `peer ${event.peer.id}`;
    case 'peer-gone': return `peer ${event.id}`;
    case 'pairing': return `pairing ${event.pairing.peer}`;
    case 'room': return `room ${event.room.id}`;
    case 'room-gone': return `room ${event.id}`;
    case 'share': return `share ${event.share.id}`;
    case 'share-gone': return `share ${event.id}`;
    case 'listing': return `listing ${event.peer} ${event.share}`;
    case 'transfer': return `transfer ${event.transfer.id}`;
    // Other ones each time: what was forgotten and is there again was told of in between.
    case 'transfers-gone': return `transfers ${event.ids.join(' ')}`;
    case 'offer': return `offer ${event.offer.id}`;
    case 'offer-gone': return `offer ${event.id}`;
    case 'search': return `search ${event.search.id}`;
    case 'diagnosis': return `diagnosis ${event.diagnosis.peer ?? ''}`;
    case 'problem': return `problem ${JSON.stringify(event.error)}`;
    default: return assertNever(event);
  }
}

/**
 * Events on their way to one client. A client that reads slowly gets the latest state of each thing, in the order of
 * the latest changes, and never costs more memory than that.
 */
export class EventQueue {
  readonly #send: (text: string, sent: () => void) => void;
  readonly #overflow: () => void;
  readonly #waiting = new Map<string, NodeEvent>();
  #unsentBytes = 0;
  #problems = 0;

  /** `overflow` is called when even the latest states are too many; the owner then closes the client. */
  constructor(send: (text: string, sent: () => void) => void, overflow: () => void) {
    this.#send = send;
    this.#overflow = overflow;
  }

  push(event: NodeEvent): void {
    const key = subject(event);
    const known = this.#waiting.delete(key);
    if (event.type === 'transfers-gone') for (const id of event.ids) this.#waiting.delete(`transfer ${id}`);
    if (event.type === 'problem' && !known) {
      // Problems are told once and replace nothing: the first ones matter, a flood of them does not.
      if (this.#problems >= maxProblems) return;
      this.#problems++;
    }
    this.#waiting.set(key, event);
    if (this.#waiting.size > maxWaiting) this.#overflow();
    else this.#flush();
  }

  clear(): void {
    this.#waiting.clear();
  }

  #flush(): void {
    for (const [key, event] of this.#waiting) {
      if (this.#unsentBytes >= maxUnsentBytes) return;
      this.#waiting.delete(key);
      if (event.type === 'problem') this.#problems--;
      const text = JSON.stringify({ kind: 'event', event });
      this.#unsentBytes += text.length;
      this.#send(text, () => {
        this.#unsentBytes -= text.length;
        this.#flush();
      });
    }
  }
}
