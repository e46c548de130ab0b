import type { CallArgs, CallName, CallResult } from './contract.ts';
import type { NodeEvent } from './events.ts';

/** What a face holds of a node, wherever that node runs. */
export interface NodeApi {
  /** Rejects with an AppError; with `cancelled` when the signal fires. */
  call<Name extends CallName>(name: Name, args: CallArgs<Name>, options?: { signal?: AbortSignalLike }): Promise<CallResult<Name>>;
  /** Returns the way to stop listening. */
  subscribe(listener: (event: NodeEvent) => void): () => void;
}

/** The part of AbortSignal the contract needs; src-shared knows neither DOM nor Node types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
