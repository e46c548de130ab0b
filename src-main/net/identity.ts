import { createHash, createPrivateKey, createPublicKey, generateKeyPair, X509Certificate, type KeyObject } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import { makeCertificate } from './make-certificate.ts';

/** Who this device is: the key that proves it and the certificate that carries it into TLS. */
export interface Identity {
  readonly id: DeviceId;
  readonly keyPem: string;
  readonly certPem: string;
  /** 64 hex digits, SHA-256 of the device id: draws the avatar and gives the first name. */
  readonly avatarSeed: string;
}

/**
 * Reads the identity of a data directory, or makes it on the first start. A certificate that is missing is made again,
 * because the key alone says who we are; a key that is missing or unreadable is never replaced. Rejects with
 * `identity-damaged`, `no-permission`, `disk-full` or `disk-error`.
 */
export async function openIdentity(dataDir: string): Promise<Identity> {
  const folder = join(dataDir, 'identity');
  const keyFile = join(folder, 'key.pem');
  const certFile = join(folder, 'cert.pem');
  const [keyText, certText] = [await readIfThere(keyFile), await readIfThere(certFile)];
  if (keyText === null && certText !== null) throw damaged(folder, 'the key is missing');
  const keyPem = keyText ?? (await makeKey());
  const key = readKey(keyPem, folder);
  const certPem = certText ?? makeCertificate(key);
  checkCertificate(certPem, key, folder);
  if (keyText === null) {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => { throw diskFailure(error, folder); });
    await createFile(keyFile, keyPem, 0o600);
  } else {
    await ownerOnly(keyFile);
  }
  if (certText === null) await createFile(certFile, certPem, 0o644);
  return identityOf(key, keyPem, certPem);
}

/** An identity that is kept nowhere: tests and benchmarks. */
export async function makeIdentity(): Promise<Identity> {
  const keyPem = await makeKey();
  const key = createPrivateKey(keyPem);
  return identityOf(key, keyPem, makeCertificate(key));
}

const idOfSpki = (spki: Uint8Array): DeviceId => deviceIdOf(createHash('sha256').update(spki).digest());

/** Device id of a public key: SHA-256 of its SPKI. */
export const deviceIdOfKey = (key: KeyObject): DeviceId => idOfSpki(key.export({ type: 'spki', format: 'der' }));

/** All P-256 keys begin so (RFC 5480): algorithm, curve, a point that is not compressed. */
const spkiHead = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const spkiBytes = spkiHead.length + 64;

/** Device id of a public key in DER; null when a device cannot have it. Asking OpenSSL for the curve would leave a second copy of the key with each link. */
export function deviceIdOfSpki(spki: Buffer): DeviceId | null {
  return spki.length === spkiBytes && spki.subarray(0, spkiHead.length).equals(spkiHead) ? idOfSpki(spki) : null;
}

/** The only kind of key a device may have. */
const isDeviceKey = (key: KeyObject): boolean => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';

function identityOf(key: KeyObject, keyPem: string, certPem: string): Identity {
  const id = deviceIdOfKey(createPublicKey(key));
  return { id, keyPem, certPem, avatarSeed: createHash('sha256').update(id).digest('hex') };
}

const makeKey = (): Promise<string> => new Promise((resolve, reject) => {
  generateKeyPair('ec', { namedCurve: 'P-256' }, (error, _publicKey, key) => {
    if (error === null) resolve(key.export({ type: 'pkcs8', format: 'pem' }).toString());
    else reject(error);
  });
});

function readKey(pem: string, folder: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw damaged(folder, 'the key cannot be read', error);
  }
  if (!isDeviceKey(key)) throw damaged(folder, 'the key is of another kind');
  return key;
}

function checkCertificate(pem: string, key: KeyObject, folder: string): void {
  let fits: boolean;
  try {
    fits = new X509Certificate(pem).checkPrivateKey(key);
  } catch (error) {
    throw damaged(folder, 'the certificate cannot be read', error);
  }
  if (!fits) throw damaged(folder, 'the certificate is of another key');
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw diskFailure(error, file);
  }
}

/** Puts a file in place whole or not at all: temporary file, fsync, rename, fsync of the folder. */
async function createFile(file: string, text: string, mode: number): Promise<void> {
  const aside = `${file}.tmp`;
  try {
    await writeSynced(aside, text, mode);
    await rename(aside, file);
  } catch (error) {
    throw diskFailure(error, file);
  }
  await syncFolder(join(file, '..'));
}

async function writeSynced(file: string, text: string, mode: number): Promise<void> {
  // What an interrupted start left behind was never in use.
  await unlink(file).catch((error: unknown) => { if (codeOf(error) !== 'ENOENT') throw error; });
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Windows and some network volumes cannot open or sync a folder; the rename itself is then all there is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch {
    // Not supported here; see above.
  } finally {
    await handle.close();
  }
}

/** Takes away what copying or a restore from backup may have opened to others. Windows has no such bits. */
async function ownerOnly(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  await chmod(file, 0o600).catch((error: unknown) => { throw diskFailure(error, file); });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const damaged = (path: string, detail: string, cause?: unknown): AppError => new AppError('identity-damaged', { path, detail }, { cause });

function diskFailure(error: unknown, path: string): AppError {
  const code = codeOf(error);
  const known = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'no-permission' : code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'disk-error';
  return new AppError(known, { path }, { cause: error });
}
