import { readQr } from './read-qr.ts';

/** A phone's picture has more pixels than it takes to read a code; each of them costs memory and time. */
const mostPixels = 2400;

let frames = 0;

/** Reads one picture after the other beside the page: `{ picture, thorough }`. Each is answered with its text or null, in turn. */
addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (typeof data !== 'object' || data === null || !('picture' in data) || !(data.picture instanceof ImageBitmap)) return;
  const { picture } = data;
  const scale = Math.min(1, mostPixels / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context) {
    // What is transparent counts as paper.
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  }
  picture.close();
  postMessage(context ? readQr(context.getImageData(0, 0, canvas.width, canvas.height), 'thorough' in data && data.thorough === true ? null : frames++) : null);
});
