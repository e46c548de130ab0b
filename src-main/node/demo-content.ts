import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB } from '#shared/units.ts';

const pictures = [
  { name: 'Morning over the bay', sky: [236, 196, 150], ground: [60, 84, 96] },
  { name: 'Noon in the dunes', sky: [150, 196, 226], ground: [206, 180, 130] },
  { name: 'Evening in the hills', sky: [120, 96, 150], ground: [46, 60, 54] },
] as const;
const width = 640;
const height = 400;

/** A picture as a 24-bit BMP, the one image format that needs no library: a sky over a wavy horizon. */
function drawPicture(sky: readonly number[], ground: readonly number[]): Uint8Array {
  const head = 54;
  const bytes = new Uint8Array(head + width * height * 3);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, head, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let x = 0; x < width; x++) {
    const horizon = height * 0.38 + 18 * Math.sin(x / 60) + 9 * Math.sin(x / 17);
    for (let y = 0; y < height; y++) {
      const colour = y < horizon ? ground : sky;
      const light = y < horizon ? 0.7 + (0.3 * y) / horizon : 0.75 + (0.25 * (height - y)) / height;
      for (let channel = 0; channel < 3; channel++) bytes[head + (y * width + x) * 3 + 2 - channel] = (colour[channel] ?? 0) * light;
    }
  }
  return bytes;
}

/** Bytes that look random but are the same every time, so that nothing can compress them. */
function noise(bytes: number): Uint8Array {
  const block = new Uint8Array(bytes);
  let state = createHash('sha256').update('distrishare demo').digest();
  for (let at = 0; at < bytes; at += 4096) {
    state = createHash('sha256').update(state).digest();
    for (let part = 0; part < 4096 && at + part < bytes; part += 32) block.set(state.subarray(0, Math.min(32, bytes - at - part)), at + part);
  }
  return block;
}

/** Writes what the demo neighbour shares into `folder`; answers with the folders to share. */
export async function writeSampleContent(folder: string): Promise<readonly string[]> {
  const photos = join(folder, 'Sample photos');
  const papers = join(folder, 'Sample papers');
  await mkdir(join(photos, 'Landscapes'), { recursive: true });
  await mkdir(join(papers, 'Notes'), { recursive: true });
  for (const { name, sky, ground } of pictures) await writeFile(join(photos, 'Landscapes', `${name}.bmp`), drawPicture(sky, ground));
  await writeFile(join(photos, 'Long film.bin'), noise(192 * MiB));
  for (let number = 1; number <= 40; number++) {
    await writeFile(join(papers, 'Notes', `Note ${number.toString().padStart(2, '0')}.txt`), `Note ${number}\n\nThis text came from the demo neighbour on your own device.\n`);
  }
  await writeFile(join(papers, 'Read me first.txt'), 'Browse, search and download: everything here is only for trying.\nDrop a file on the demo neighbour to see how sending works.\n');
  return [photos, papers];
}
