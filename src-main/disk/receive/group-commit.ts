import type { Bytes } from '#shared/units.ts';
import type { ReceiveWorld } from './receive-world.ts';

export interface CommitWork {
  /** Makes durable what is recorded by now. Never rejects. */
  readonly commit: () => Promise<void>;
  /** Whether there is still any sense in it. */
  readonly canCommit: () => boolean;
}

/** When what is recorded of one file is made durable: with every group of bytes, or so long after the first of them. One commit at a time. */
export class GroupCommit {
  readonly #world: Pick<ReceiveWorld, 'policy' | 'later'>;
  readonly #work: CommitWork;
  #uncommittedBytes: Bytes = 0;
  #committing: Promise<void> | null = null;
  #stopTimer: (() => void) | null = null;

  constructor(world: Pick<ReceiveWorld, 'policy' | 'later'>, work: CommitWork) {
    this.#world = world;
    this.#work = work;
  }

  /** So much more is recorded. Null, or when the disk lags two groups behind the end of the commit under way. */
  recorded(bytes: Bytes): Promise<void> | null {
    this.#uncommittedBytes += bytes;
    const { groupBytes } = this.#world.policy;
    if (this.#uncommittedBytes < groupBytes) this.#commitSoon();
    else if (this.#committing === null) void this.#commit();
    else if (this.#uncommittedBytes >= 2 * groupBytes) return this.#committing;
    return null;
  }

  /** Waits for a commit that is under way, and lets no other begin by itself. */
  async settle(): Promise<void> {
    this.#cancelTimer();
    await this.#committing;
    this.#cancelTimer();
  }

  /** Commits what is not durable yet, if there is anything. To be called when settled. */
  async flush(): Promise<void> {
    if (this.#uncommittedBytes > 0 && this.#work.canCommit()) await this.#commit();
  }

  #commitSoon(): void {
    this.#stopTimer ??= this.#world.later(this.#world.policy.groupMs, () => {
      this.#stopTimer = null;
      if (this.#uncommittedBytes > 0 && this.#committing === null && this.#work.canCommit()) void this.#commit();
    });
  }

  #cancelTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
  }

  #commit(): Promise<void> {
    this.#cancelTimer();
    this.#uncommittedBytes = 0;
    this.#committing = this.#work.commit().then(() => {
      this.#committing = null;
      if (this.#uncommittedBytes > 0 && this.#work.canCommit()) this.#commitSoon();
    });
    return this.#committing;
  }
}
