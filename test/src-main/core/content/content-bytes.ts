/** The documented content of the BEP 52 vectors (test/fixtures/make-bep52-vectors.py). */
export function vectorContent(bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) data[i] = i * 7 + (i >> 8) * 13 + (i >> 16) * 31;
  return data;
}
