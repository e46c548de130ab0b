import encodeQR from 'qr';

/** How somebody took a picture of a QR code. */
export interface Shot {
  /** Pixels of a module where the code is nearest. */
  readonly scale?: number;
  /** Turned clockwise, in degrees. */
  readonly turn?: number;
  /** 0: looked at straight; 0.3: the far edge is 30 % shorter. */
  readonly tilt?: number;
  /** Standard deviation of each pixel's grey, of 255. */
  readonly noise?: number;
  /** Light on dark. */
  readonly inverted?: boolean;
  /** How much darker the right edge is than the left one, 0 to 1. */
  readonly shade?: number;
  /** Grey around the code, beyond its margin, on each side, as a part of its size. */
  readonly around?: number;
  /** Width and height; the code in the middle. Left out: just as large as is needed. */
  readonly frame?: { readonly width: number; readonly height: number };
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, opaque. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** A QR code as a camera sees it: every pixel looks where its ray meets the paper. */
export function pictureOf(text: string, { scale = 4, turn = 0, tilt = 0, noise = 0, inverted = false, shade = 0, around = 0.1, frame }: Shot = {}): Picture {
  const code = encodeQR(text, 'raw', { ecc: 'low', border: 4 });
  const modules = code.length;
  const paper = Uint8Array.from(code.flat(), (dark) => (dark === inverted ? 235 : 25));
  const angle = (turn * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const needed = Math.ceil(modules * scale * (Math.abs(cos) + Math.abs(sin)) * (1 + 2 * around));
  const { width, height } = frame ?? { width: needed, height: needed };
  const data = new Uint8ClampedArray(4 * width * height);
  const gauss = gaussian(7);
  const samples = [0.25, 0.75];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let light = 0;
      for (const dy of samples) {
        for (const dx of samples) {
          const [u, v] = [x + dx - width / 2, y + dy - height / 2];
          // What lies farther up is farther away: a pixel there covers more of the paper.
          const depth = 1 + (tilt * (height / 2 - (y + dy))) / height;
          const [across, down] = [(u * cos + v * sin) * depth, (v * cos - u * sin) * depth];
          const [column, row] = [Math.floor(across / scale + modules / 2), Math.floor(down / scale + modules / 2)];
          light += column >= 0 && column < modules && row >= 0 && row < modules ? (paper[row * modules + column] ?? 0) : 150;
        }
      }
      const at = 4 * (y * width + x);
      data.fill((light / 4) * (1 - (shade * x) / width) + (noise > 0 ? noise * gauss() : 0), at, at + 3);
      data[at + 3] = 255;
    }
  }
  return { width, height, data };
}

/** The same grains in every run. */
function gaussian(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
