import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { AppError } from '#shared/errors.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import type { Timestamp } from '#shared/units.ts';
import { openIdentity } from '../net/identity.ts';
import type { BootstrapConfig } from './config.ts';

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 of the certificate's key, written like a device id: what a client compares when no authority vouches for the server. */
  readonly fingerprint: DeviceId;
  /** Made by ourselves: clients need the fingerprint. */
  readonly own: boolean;
  readonly endsAt: Timestamp;
}

/** The operator's certificate, or our own, made at the first start and kept in `folder`. Rejects with `bad-argument` and as `openIdentity`. */
export async function readCertificate({ certFile, keyFile }: BootstrapConfig, folder: string): Promise<ServerCertificate> {
  if (certFile === undefined || keyFile === undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => { throw new AppError('disk-error', { path: folder }, { cause: error }); });
    const { keyPem, certPem, id } = await openIdentity(folder);
    return { key: keyPem, cert: certPem, fingerprint: id, own: true, endsAt: endOf(new X509Certificate(certPem)) };
  }
  const [key, cert] = [await readPem('keyFile', keyFile), await readPem('certFile', certFile)];
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is of another certificate');
    return { key, cert, fingerprint: deviceIdOf(createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest()), own: false, endsAt: endOf(certificate) };
  } catch (error) {
    throw new AppError('bad-argument', { name: 'certFile', detail: error instanceof Error ? error.message : '' }, { cause: error });
  }
}

const endOf = ({ validTo }: X509Certificate): Timestamp => Date.parse(validTo);

/** Changes when one of the files does; null for a certificate of our own, or while a file is missing. */
export async function certificateVersion({ certFile, keyFile }: BootstrapConfig): Promise<string | null> {
  if (certFile === undefined || keyFile === undefined) return null;
  try {
    return (await Promise.all([certFile, keyFile].map((path) => stat(path)))).map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join();
  } catch {
    // It is just being replaced.
    return null;
  }
}

const readPem = (name: string, path: string): Promise<string> => readFile(path, 'utf8').catch((error: unknown) => {
  throw new AppError('bad-argument', { name, detail: error instanceof Error ? error.message : path }, { cause: error });
});
