/**
 * What a device signs to prove itself to a server that does not see its TLS certificate. The origin (`https://HOST:PORT`, the port left out when it
 * is 443) is the one the device itself dialled, so that a server cannot use the proof at another one. No other signature of
 * a device begins like this: those of TLS begin with spaces, those of certificates with a byte that is no text.
 */
export const signInMessage = (origin: string, nonce: string): string => `DistriShare bootstrap sign-in, version 1\norigin: ${origin}\nnonce: ${nonce}\n`;
