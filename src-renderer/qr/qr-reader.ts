export interface QrReader {
  /** The text of the code in a picture, which is used up; null when there is none, or it cannot be looked at. */
  read(picture: ImageBitmap, options?: { thorough?: boolean }): Promise<string | null>;
  /** What is under way is answered with null. */
  close(): void;
}

/** Reads QR codes in a thread of its own, so that the page stays smooth; one picture after the other. */
export function openQrReader(): QrReader {
  const worker = new Worker(new URL('./qr-worker.ts', import.meta.url), { type: 'module' });
  let waiting: ((text: string | null) => void)[] = [];
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => waiting.shift()?.(typeof data === 'string' ? data : null));
  worker.addEventListener('error', () => waiting.shift()?.(null));
  return {
    read: (picture, { thorough = false } = {}) => new Promise((resolve) => {
      waiting.push(resolve);
      worker.postMessage({ picture, thorough }, [picture]);
    }),
    close() {
      worker.terminate();
      for (const resolve of waiting) resolve(null);
      waiting = [];
    },
  };
}
