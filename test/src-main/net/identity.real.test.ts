import { createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '#main/net/make-certificate.ts';
import { deviceIdOfKey, deviceIdOfSpki, openIdentity } from '#main/net/identity.ts';
import { isDeviceId } from '#shared/ids.ts';

let dataDir = '';
beforeEach(() => { dataDir = mkdtempSync(join(tmpdir(), 'identity-')); });
afterEach(() => { rmSync(dataDir, { recursive: true }); });
const file = (name: string) => join(dataDir, 'identity', name);
const damaged: unknown = expect.objectContaining({ code: 'identity-damaged' });

describe('identity', () => {
  it('is made once and stays', async () => {
    const first = await openIdentity(dataDir);
    expect(isDeviceId(first.id)).toBe(true);
    expect(first.avatarSeed).toMatch(/^[0-9a-f]{64}$/);
    expect(await openIdentity(dataDir)).toEqual(first);
    expect(readdirSync(join(dataDir, 'identity')).sort()).toEqual(['cert.pem', 'key.pem']);
  });

  it('has a P-256 certificate of its own key, signed by itself', async () => {
    const { certPem, keyPem, id } = await openIdentity(dataDir);
    const cert = new X509Certificate(certPem);
    expect(cert.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(cert.verify(createPublicKey(keyPem))).toBe(true);
    expect(deviceIdOfKey(cert.publicKey)).toBe(id);
    expect(cert.subject).toBe('CN=DistriShare');
    expect(new Date(cert.validTo).getUTCFullYear()).toBe(9999);
  });

  it('makes certificates that can be read whatever the numbers in them', () => {
    for (let count = 0; count < 100; count++) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const cert = new X509Certificate(makeCertificate(privateKey));
      expect(cert.checkPrivateKey(privateKey) && cert.verify(publicKey)).toBe(true);
      expect(cert.serialNumber).toMatch(/^40[0-9A-F]{30}$/);
    }
  });

  it('is that of the key in DER, and of no other kind of key', () => {
    const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(deviceIdOfSpki(spki(publicKey))).toBe(deviceIdOfKey(publicKey));
    expect(deviceIdOfSpki(Buffer.concat([spki(publicKey), Buffer.alloc(1)]))).toBeNull();
    for (const other of [generateKeyPairSync('ec', { namedCurve: 'P-384' }), generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), generateKeyPairSync('ed25519')]) expect(deviceIdOfSpki(spki(other.publicKey))).toBeNull();
  });

  it('keeps the key to its owner, also after others could read it', async () => {
    await openIdentity(dataDir);
    expect(statSync(file('key.pem')).mode & 0o777).toBe(0o600);
    chmodSync(file('key.pem'), 0o644);
    await openIdentity(dataDir);
    expect(statSync(file('key.pem')).mode & 0o777).toBe(0o600);
  });

  it('survives an interrupted first start', async () => {
    const first = await openIdentity(dataDir);
    rmSync(file('cert.pem'));
    writeFileSync(file('cert.pem.tmp'), 'half of a certi');
    const again = await openIdentity(dataDir);
    expect(again.id).toBe(first.id);
    expect(readdirSync(join(dataDir, 'identity')).sort()).toEqual(['cert.pem', 'key.pem']);
  });

  it.each<[string, () => void]>([
    ['an unreadable key', () => { writeFileSync(file('key.pem'), 'nonsense'); }],
    ['an empty key', () => { writeFileSync(file('key.pem'), ''); }],
    ['a missing key', () => { rmSync(file('key.pem')); }],
    ['a key of another kind', () => { writeFileSync(file('key.pem'), generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })); }],
    ['a key of another certificate', () => { writeFileSync(file('key.pem'), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })); }],
    ['a cut certificate', () => { writeFileSync(file('cert.pem'), readFileSync(file('cert.pem'), 'utf8').slice(0, 200)); }],
  ])('is reported, not replaced, with %s', async (_name, damage) => {
    await openIdentity(dataDir);
    damage();
    const before = readdirSync(join(dataDir, 'identity')).map((name) => [name, readFileSync(file(name), 'utf8')]);
    await expect(openIdentity(dataDir)).rejects.toEqual(damaged);
    expect(readdirSync(join(dataDir, 'identity')).map((name) => [name, readFileSync(file(name), 'utf8')])).toEqual(before);
  });
});
