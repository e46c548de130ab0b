// The certificate library registers its parts through this one, which must be there before.
import 'reflect-metadata';
import { X509CertificateGenerator } from '@peculiar/x509';
import { createPublicKey, webcrypto, type KeyObject } from 'node:crypto';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Only the key counts, so every certificate says the same and never ends (RFC 5280 §4.1.2.5); a clock that is off cannot matter. */
const certificate = { name: 'CN=DistriShare', notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('9999-12-31T23:59:59Z') };

/** A self-signed certificate for a P-256 key, in PEM. */
export async function makeCertificate(key: KeyObject): Promise<string> {
  const importKey = (of: KeyObject, format: 'pkcs8' | 'spki', usage: 'sign' | 'verify') =>
    webcrypto.subtle.importKey(format, of.export({ format: 'der', type: format }), algorithm, true, [usage]);
  const keys = { privateKey: await importKey(key, 'pkcs8', 'sign'), publicKey: await importKey(createPublicKey(key), 'spki', 'verify') };
  const made = await X509CertificateGenerator.createSelfSigned({ ...certificate, keys, signingAlgorithm: algorithm });
  return `${made.toString('pem')}\n`;
}
