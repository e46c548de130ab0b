import type { MessagePort, Worker } from 'node:worker_threads';
import { AppError, errorInfo, type ErrorInfo } from '#shared/errors.ts';

/** Calls that a worker thread answers: the shape of arguments and result of each. */
export type Calls<Names extends string> = Readonly<Record<Names, { readonly params: unknown; readonly result: unknown }>>;

interface CallMessage<Name, Params> {
  readonly id: number;
  readonly call: Name;
  readonly params: Params;
}
interface CancelMessage {
  readonly cancel: number;
}
type Answer<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: ErrorInfo }
  | { readonly id: number; readonly progress: number };

export interface CallContext {
  /** Made on first use, because most calls are over before anybody could cancel them. */
  readonly signal: AbortSignal;
  progress(bytes: number): void;
}

/** What a worker does for each call. A result that is no promise is answered without leaving the current turn. */
export type CallHandlers<All extends Calls<string>> = {
  readonly [Name in keyof All]: (params: All[Name]['params'], context: CallContext) => All[Name]['result'] | Promise<All[Name]['result']>;
};

/** Worker side: answers calls that arrive at a port. Both ends are code of one build, so messages are typed, not parsed. */
export function answerCalls<All extends Calls<string>>(port: MessagePort, handlers: CallHandlers<All>): void {
  const running = new Map<number, AbortController>();

  function run<Name extends keyof All>(message: CallMessage<Name, All[Name]['params']>): void {
    const { id } = message;
    const fail = (thrown: unknown): void => {
      running.delete(id);
      port.postMessage({ id, error: errorInfo(thrown) });
    };
    const finish = (result: unknown): void => {
      running.delete(id);
      port.postMessage({ id, result });
    };
    const context: CallContext = {
      get signal() {
        const controller = running.get(id) ?? new AbortController();
        running.set(id, controller);
        return controller.signal;
      },
      progress: (bytes) => port.postMessage({ id, progress: bytes }),
    };
    try {
      const result = handlers[message.call](message.params, context);
      if (result instanceof Promise) result.then(finish, fail);
      else finish(result);
    } catch (thrown) {
      fail(thrown);
    }
  }

  port.on('message', (message: CallMessage<keyof All, never> | CancelMessage) => {
    if ('cancel' in message) running.get(message.cancel)?.abort();
    else run(message);
  });
}

/** Main side of one worker thread. When the thread dies, every waiting call rejects with `internal`. */
export class WorkerCaller<All extends Calls<string>> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer<never>) => void>();
  #nextId = 1;
  #death: AppError | null = null;

  /** `onDeath` is called once, when the thread ended without having been closed. */
  constructor(worker: Worker, onDeath: () => void) {
    this.#worker = worker;
    worker.on('message', (answer: Answer<never>) => this.#waiting.get(answer.id)?.(answer));
    worker.on('error', (thrown) => this.#die(new AppError('internal', { detail: thrown.message }, { cause: thrown }), onDeath));
    worker.on('exit', () => this.#die(new AppError('internal', { detail: 'a worker thread ended' }), onDeath));
  }

  /** Grows with every call. */
  get calls(): number {
    return this.#nextId;
  }

  /** Calls that have not been answered. */
  get load(): number {
    return this.#waiting.size;
  }

  call<Name extends keyof All>(
    call: Name,
    params: All[Name]['params'],
    options: { signal?: AbortSignal | undefined; onProgress?: ((bytes: number) => void) | undefined } = {},
  ): Promise<All[Name]['result']> {
    const { signal, onProgress } = options;
    if (this.#death !== null) return Promise.reject(this.#death);
    if (signal?.aborted === true) return Promise.reject(new AppError('cancelled'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const cancel = (): void => this.#worker.postMessage({ cancel: id });
      signal?.addEventListener('abort', cancel, { once: true });
      this.#waiting.set(id, (answer: Answer<All[Name]['result']>) => {
        if ('progress' in answer) {
          onProgress?.(answer.progress);
          return;
        }
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', cancel);
        if ('error' in answer) reject(new AppError(answer.error.code, answer.error.params));
        else resolve(answer.result);
      });
      this.#worker.postMessage({ id, call, params });
    });
  }

  /** Ends the thread; waiting calls reject with `cancelled`. */
  async close(): Promise<void> {
    this.#fail(new AppError('cancelled'));
    await this.#worker.terminate();
  }

  #die(error: AppError, onDeath: () => void): void {
    if (this.#death !== null) return;
    this.#fail(error);
    onDeath();
  }

  #fail(error: AppError): void {
    this.#death ??= error;
    for (const [id, settle] of [...this.#waiting]) settle({ id, error: error.toInfo() });
  }
}
