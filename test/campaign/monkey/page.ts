import { once } from 'node:events';
import { WebSocket } from 'ws';
import { createApiClient, type ApiClient } from '#shared/api/client.ts';
import { wsChannel } from '#main/web/ws-channel.ts';

/** Opens the page behind an address that `serve` printed, as a browser does, and gives what it speaks with. */
export async function openPage(address: string): Promise<ApiClient> {
  const { headers } = await fetch(address, { redirect: 'manual' });
  const cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
  const key = /key=([\w-]+)/.exec(headers.get('location') ?? '')?.[1] ?? '';
  const { origin, host } = new URL(address);
  const socket = new WebSocket(`ws://${host}/api`, ['distrishare', key], { headers: { cookie, origin } });
  await once(socket, 'open');
  return createApiClient(wsChannel(socket));
}
