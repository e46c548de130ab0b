import type { ApiClient } from '#shared/api/client.ts';
import { shortId } from '#shared/ids.ts';

/** What devices are called; the beginning of its id for one that is not known any more. */
export async function peerNames(api: ApiClient): Promise<(id: string) => string> {
  const names = new Map<string, string>((await api.call('peers.list', {})).map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? shortId(id);
}
