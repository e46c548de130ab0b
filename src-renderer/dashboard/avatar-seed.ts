import type { DeviceId } from '#shared/ids.ts';

/** The hex SHA-256 of a device id, from which its picture is drawn. Empty where the page may not compute it: not over HTTPS, nor on this machine. */
export async function avatarSeedOf(id: DeviceId): Promise<string> {
  if (!isSecureContext) return '';
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
