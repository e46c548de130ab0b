import type { ApiClient } from '#shared/api/client.ts';
import { connectLocal } from '../local/connect-local.ts';
import type { CliContext } from './context.ts';

/** Runs something against the node of this data directory and hangs up afterwards. */
export async function withNode<T>(context: CliContext, use: (api: ApiClient) => Promise<T>): Promise<T> {
  const api = await connectLocal(context.dataDir);
  try {
    return await use(api);
  } finally {
    api.close();
  }
}
