import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { expect, it } from 'vitest';
import { doubtOf } from '#main/net/servers/server-agent.ts';
import { day } from '#shared/units.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The error of a connection to a server whose certificate is valid from `from` to `to`, days from now, for `host`; it vouches for itself. */
async function refusal({ from, to, host = '127.0.0.1', trusted = true }: { from: number; to: number; host?: string; trusted?: boolean }): Promise<unknown> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=server', keys, signingAlgorithm: algorithm, notBefore: new Date(Date.now() + from * day), notAfter: new Date(Date.now() + to * day),
    extensions: [new BasicConstraintsExtension(true, undefined, true), new SubjectAlternativeNameExtension([{ type: 'ip', value: host }])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const cert = certificate.toString('pem');
  const server = createServer({ cert, key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...(trusted ? { ca: cert } : {}) });
  try {
    const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
    return error;
  } finally {
    socket.destroy();
    server.close();
  }
}

it.each([
  ['whose certificate has ended, or a clock here that is ahead by days', { from: -9, to: -2 }, 'server-dates'],
  ['whose certificate has not begun, or a clock here that is behind by days', { from: 2, to: 9 }, 'server-dates'],
  ['for whom nobody vouches', { from: -1, to: 9, trusted: false }, 'server-untrusted'],
  ['whose certificate is another one’s', { from: -1, to: 9, host: '192.0.2.7' }, 'server-untrusted'],
])('a server %s is told from one that is not there', async (_, certificate, code) => {
  expect(doubtOf(await refusal(certificate), 'https://server')).toMatchObject({ code, params: { name: 'https://server' } });
});

it('an address where nobody answers is no doubt', async () => {
  const socket = connect({ host: '127.0.0.1', port: 1 });
  const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  expect(doubtOf(error, 'https://server')).toBeNull();
});
