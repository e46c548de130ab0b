import decodeQR from 'qr/decode.js';

/** Four bytes a pixel, as a canvas gives them. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** How far a picture is turned for another look: the decoder misses finder patterns that stand on their corner, within some 3° of it. */
const turn = Math.atan(0.5);
/** How far it is leant: at some angles the decoder takes large codes for one size more or less. */
const lean = 0.12;

/** Another picture of the same. */
type Look = (picture: Picture) => Picture;

/**
 * The text of a QR code in a picture, turned or inverted in any way; null when none is found. `frame` counts those of a
 * camera, each of which is looked at in one other way besides; a picture that somebody chose (null) in all of them.
 */
export function readQr(picture: Picture, frame: number | null): string | null {
  const effort = frame === null ? { effort: Infinity, timeLimit: Infinity } : {};
  for (const look of frame === null ? looks : [same, ...others.slice(frame % others.length, (frame % others.length) + 1)]) {
    try {
      return decodeQR(look(picture), effort);
    } catch {
      // The decoder throws where it finds none: the next look may.
    }
  }
  return null;
}

const same: Look = (picture) => picture;
const others: readonly Look[] = [from(turn, 0), from(0, lean), from(0, -lean), from(turn, lean), from(turn, -lean)];
const looks: readonly Look[] = [same, ...others, halved];

/** As if the camera were turned by an angle, and moved up (`leant` above 0) or down. */
function from(angle: number, leant: number): Look {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return ({ width, height, data }) => {
    const [across, down] = [Math.ceil(width * cos + height * sin), Math.ceil(width * sin + height * cos)];
    return pictureFrom(across, down, (x, y) => {
      const depth = 1 + leant * (0.5 - y / down);
      const [u, v] = [(x - across / 2) * depth, (y - down / 2) * depth];
      const [column, row] = [Math.floor(u * cos + v * sin + width / 2), Math.floor(v * cos - u * sin + height / 2)];
      return column >= 0 && column < width && row >= 0 && row < height ? (data[4 * (row * width + column) + 1] ?? white) : white;
    });
  };
}

/** Every pixel the mean of four: grain and the pattern of a screen go. */
function halved({ width, height, data }: Picture): Picture {
  const green = (x: number, y: number): number => data[4 * (y * width + x) + 1] ?? white;
  return pictureFrom(width >> 1, height >> 1, (x, y) => (green(2 * x, 2 * y) + green(2 * x + 1, 2 * y) + green(2 * x, 2 * y + 1) + green(2 * x + 1, 2 * y + 1)) / 4);
}

const white = 255;

/** A grey picture; the green of what it is made from stands for its light. */
function pictureFrom(width: number, height: number, light: (x: number, y: number) => number): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const grey = light(x, y);
      data[at] = grey;
      data[at + 1] = grey;
      data[at + 2] = grey;
      data[at + 3] = white;
    }
  }
  return { width, height, data };
}
