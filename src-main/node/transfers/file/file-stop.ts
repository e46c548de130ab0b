/**
 * Tells one file that it is to stop. The signal is made when somebody first needs it: most files end without one, and it
 * would cost more than the rest of their bookkeeping.
 */
export class FileStop {
  #isStopped = false;
  #controller: AbortController | null = null;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#isStopped) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  stop(): void {
    this.#isStopped = true;
    this.#controller?.abort();
  }
}
