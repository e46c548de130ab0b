import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Millis } from '#shared/units.ts';
import type { Link } from '../node/ports/links.ts';

interface Waiter {
  readonly resolve: (link: Link) => void;
  readonly reject: (error: AppError) => void;
}

/** Who waits for a link to a device, on whichever connection it comes up. */
export class LinkWaiters {
  readonly #waiters = new Map<DeviceId, Set<Waiter>>();

  has(id: DeviceId): boolean {
    return this.#waiters.has(id);
  }

  /** Rejects with `timeout`, `cancelled` or what `reject` is given. */
  wait(id: DeviceId, signal: AbortSignal, timeoutMs: Millis): Promise<Link> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
      };
      const waiter: Waiter = {
        resolve: (link) => { finish(); resolve(link); },
        reject: (error) => { finish(); reject(error); },
      };
      const aborted = (): void => { waiter.reject(new AppError('cancelled')); };
      const timer = setTimeout(() => { waiter.reject(new AppError('timeout')); }, timeoutMs);
      signal.addEventListener('abort', aborted, { once: true });
      waiters.add(waiter);
      this.#waiters.set(id, waiters);
    });
  }

  resolve(id: DeviceId, link: Link): void {
    for (const waiter of [...(this.#waiters.get(id) ?? [])]) waiter.resolve(link);
  }

  reject(id: DeviceId, error: AppError): void {
    for (const waiter of [...(this.#waiters.get(id) ?? [])]) waiter.reject(error);
  }
}
