// The film at full size and at halves of it: a film shrunk on the screen is the mean of its pixels.

/** Each pixel the mean of four; an odd last row or column stands for two. */
export function halved({ levels, width, height, shrink }) {
  const wide = Math.max(1, Math.ceil(width / 2));
  const tall = Math.max(1, Math.ceil(height / 2));
  const half = new Uint16Array(wide * tall);
  for (let y = 0; y < tall; y++) {
    const upper = 2 * y * width;
    const lower = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < wide; x++) {
      const left = 2 * x;
      const right = Math.min(left + 1, width - 1);
      half[y * wide + x] =
        (levels[upper + left] + levels[upper + right] + levels[lower + left] +
          levels[lower + right] + 2) >> 2;
    }
  }
  return { levels: half, width: wide, height: tall, shrink: shrink * 2 };
}

export class Pyramid {
  constructor(levels, width, height) {
    this.floors = [{ levels, width, height, shrink: 1 }];
  }

  /** The smallest floor that has a pixel for each device pixel, made when first asked for. */
  at(devicePixelsPerFilmPixel) {
    const wanted = Math.max(0, Math.floor(Math.log2(1 / devicePixelsPerFilmPixel) + 1e-9));
    while (this.floors.length <= wanted) {
      const last = this.floors[this.floors.length - 1];
      if (last.width === 1 && last.height === 1) break;
      this.floors.push(halved(last));
    }
    return this.floors[Math.min(wanted, this.floors.length - 1)];
  }
}

/** [a, b, c, d, e, f] from device pixels to pixels of a floor. */
export function toFloor([a, b, c, d, e, f], ratio, { shrink }) {
  const square = a * a + b * b;
  const by = 1 / (square * ratio * shrink);
  return [
    a * by, c * by, b * by, d * by,
    -(a * e + b * f) / (square * shrink), -(c * e + d * f) / (square * shrink),
  ];
}

/** From this zoom on, pixels are drawn as squares. */
export const SQUARES = 4;
