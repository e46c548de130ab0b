/** Everything that can be wrong with the bytes of a peer. Each of them closes the connection. */
export const protocolErrors = [
  /** A frame or body is longer than its type may be. */
  'too-long',
  /** A frame is shorter than its type needs, or has no type at all. */
  'too-short',
  /** A field has a value its layout does not allow. */
  'bad-field',
  /** A body is not the UTF-8 JSON its schema asks for. */
  'bad-json',
  /** A frame that has no place here: before the hello, twice, on the wrong connection, or an answer nobody asked for. */
  'unexpected-frame',
] as const;
export type ProtocolErrorCode = (typeof protocolErrors)[number];

/** Thrown by decoders and by nothing else; the link turns it into the user's `protocol-error`. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  constructor(code: ProtocolErrorCode, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.code = code;
  }
}
