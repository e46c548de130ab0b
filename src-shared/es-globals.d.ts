/** What every JavaScript engine we run on has, though the ES library does not list it. */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array): string;
}
declare class URL {
  static canParse(text: string): boolean;
  constructor(text: string);
  readonly hostname: string;
}
declare class URLSearchParams {
  constructor(from: string | Readonly<Record<string, string>>);
  append(name: string, value: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
  toString(): string;
}
