import * as z from 'zod';
import { AppError, errorInfo, isErrorCode, type ErrorParams } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { controlMethods, type ControlMethod, type ControlParams, type ControlResult } from '#shared/protocol/control.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { decodeCall, encodeCall, encodeNumber, fitsControlBody } from '#shared/protocol/frames.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { AnswerTurns } from './answer-turns.ts';
import { SeldomMap } from './seldom-map.ts';

/** Calls of our own that wait for a free place; more than this is a mistake of ours. */
const callsWaiting = 1024;
/** With this much unread by the other end, new requests of it are turned down. */
const unreadAnswersBytes = 4 * MiB;

const requestSchema = z.object({ method: z.string().max(64), params: z.unknown() });
const errorSchema = z.object({ code: z.string().max(64), params: z.record(z.string().max(40), z.union([z.string().max(300), z.number()])).optional() });
const responseSchema = z.union([z.object({ error: errorSchema }), z.object({ result: z.unknown() })]);

const isMethod = (name: string): name is ControlMethod => Object.hasOwn(controlMethods, name);

/** An error as it may leave this device: texts can hold paths and names of ours, numbers cannot. */
function wireError(thrown: unknown): { code: string; params?: ErrorParams } {
  const { code, params } = errorInfo(thrown);
  const numbers = Object.entries(params ?? {}).filter(([, value]) => typeof value === 'number');
  return numbers.length > 0 ? { code, params: Object.fromEntries(numbers) } : { code };
}

interface Call {
  /** Sends it: there is a free place. */
  readonly start: () => void;
  readonly answered: (value: unknown) => void;
  readonly failed: (error: AppError) => void;
}

/** Requests we make. At most as many are under way as the other end takes; the rest wait here. */
export class OutgoingCalls {
  readonly #send: (frame: Uint8Array) => void;
  readonly #calls = new SeldomMap<number, Call>();
  readonly #waiting = new SeldomMap<Call, null>();
  #nextId = 1;
  /** Answers that may still come to requests we gave up. */
  #givenUp = 0;
  #closed = false;

  constructor(send: (frame: Uint8Array) => void) {
    this.#send = send;
  }

  /** Rejects with the other end's code, or `timeout`, `cancelled`, `link-closed`, `protocol-error`, `too-many`, `bad-argument`. */
  request<Method extends ControlMethod>(method: Method, params: ControlParams<Method>, signal: AbortSignal | undefined, timeoutMs: number): Promise<ControlResult<Method>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new AppError('link-closed');
      if (signal?.aborted === true) throw new AppError('cancelled');
      if (this.#waiting.size >= callsWaiting) throw new AppError('too-many');
      let id: number | null = null;
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        this.#waiting.delete(call);
        if (id !== null) this.#calls.delete(id);
        act();
        this.#startWaiting();
      };
      const giveUp = (error: AppError): void => {
        if (id !== null) {
          this.#givenUp++;
          this.#send(encodeNumber(frameType.cancelRequest, id));
        }
        settle(() => { reject(error); });
      };
      const aborted = (): void => { giveUp(new AppError('cancelled')); };
      const timer = setTimeout(() => { giveUp(new AppError('timeout')); }, timeoutMs);
      const call: Call = {
        failed: (error) => { settle(() => { reject(error); }); },
        answered: (value) => {
          const result = controlMethods[method].result.safeParse(value);
          settle(() => {
            // The schema of this very method has checked it.
            if (result.success) resolve(result.data as ControlResult<Method>);
            else reject(new AppError('protocol-error', { detail: `answer to ${method}` }));
          });
        },
        start: () => {
          id = this.#take(call);
          const frame = encodeCall(frameType.request, id, { method, params });
          if (fitsControlBody(frame)) this.#send(frame);
          else call.failed(new AppError('bad-argument', { detail: `${method} is too long` }));
        },
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiting.set(call, null);
      this.#startWaiting();
    });
  }

  answer(body: Uint8Array): void {
    const { id, value } = decodeCall(body);
    const call = this.#calls.get(id);
    const response = responseSchema.safeParse(value);
    if (!response.success) throw new ProtocolError('bad-json', 'response');
    if (call === undefined) {
      if (this.#givenUp === 0) throw new ProtocolError('unexpected-frame', 'response');
      this.#givenUp--;
      return;
    }
    if ('error' in response.data) {
      const { code, params = {} } = response.data.error;
      call.failed(isErrorCode(code) ? new AppError(code, params) : new AppError('refused'));
    } else {
      call.answered(response.data.result);
    }
  }

  close(): void {
    this.#closed = true;
    const calls = [...this.#calls.entries().map(([, call]) => call), ...this.#waiting.entries().map(([call]) => call)];
    for (const call of calls) call.failed(new AppError('link-closed'));
  }

  #take(call: Call): number {
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffffffff) + 1;
    this.#calls.set(id, call);
    this.#waiting.delete(call);
    return id;
  }

  #startWaiting(): void {
    for (const [call] of this.#waiting.entries()) {
      if (this.#closed || this.#calls.size >= limits.link.requestsInFlightPerPeer) return;
      // Starting one may end another, which starts the next.
      if (this.#waiting.has(call)) call.start();
    }
  }
}

export interface IncomingCallsOptions {
  readonly send: (frame: Uint8Array, flushed: () => void) => void;
  readonly queuedBytes: () => number;
  readonly serve: <Method extends ControlMethod>(method: Method, params: ControlParams<Method>, signal: AbortSignal) => Promise<ControlResult<Method>>;
}

/** Requests the other end makes. One counts as under way until its answer has been written. */
export class IncomingCalls {
  readonly #options: IncomingCallsOptions;
  readonly #serving = new SeldomMap<number, AbortController>();
  /** Of answers that the other end has not taken. What else waits for it holds up none: that it goes out is not told here. */
  #unreadBytes: Bytes = 0;
  readonly #turns = new AnswerTurns(() => this.#unreadBytes);
  #closed = false;

  constructor(options: IncomingCallsOptions) {
    this.#options = options;
  }

  request(body: Uint8Array): void {
    const { id, value } = decodeCall(body);
    const request = requestSchema.safeParse(value);
    if (!request.success) throw new ProtocolError('bad-json', 'request');
    if (this.#serving.has(id)) throw new ProtocolError('bad-field', 'request id used twice');
    if (this.#serving.size >= limits.link.requestsInFlightPerPeer || this.#options.queuedBytes() > unreadAnswersBytes) {
      this.#options.send(encodeCall(frameType.response, id, { error: { code: 'too-many' } }), () => undefined);
      return;
    }
    const abort = new AbortController();
    this.#serving.set(id, abort);
    const { method, params } = request.data;
    this.#turns.begin(method, () => this.#serve(method, params, abort.signal).then(
      (result) => { this.#answer(id, { result }); },
      (error: unknown) => { this.#answer(id, { error: wireError(error) }); },
    ));
  }

  cancel(id: number): void {
    this.#serving.get(id)?.abort(new AppError('cancelled'));
  }

  close(): void {
    this.#closed = true;
    this.#turns.close();
    for (const [, abort] of this.#serving.entries()) abort.abort(new AppError('link-closed'));
    this.#serving.clear();
  }

  async #serve(method: string, value: unknown, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    if (!isMethod(method)) throw new AppError('unknown-command');
    const params = controlMethods[method].params.safeParse(value);
    if (!params.success) throw new AppError('bad-argument');
    return this.#options.serve(method, params.data, signal);
  }

  #answer(id: number, answer: object): void {
    if (this.#closed) return;
    const frame = encodeCall(frameType.response, id, answer);
    const fitting = fitsControlBody(frame) ? frame : encodeCall(frameType.response, id, { error: { code: 'internal' } });
    this.#unreadBytes += fitting.length;
    this.#options.send(fitting, () => {
      this.#unreadBytes -= fitting.length;
      this.#serving.delete(id);
      this.#turns.flushed();
    });
  }
}
