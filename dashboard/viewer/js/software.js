// Draws the film without a graphics card. Where the film lies is worked out once a move, the greys
// once a window.

import { SQUARES, toFloor } from "./levels.js";

const BLACK = 0xff000000;

/** Along one side of the stage: offsets of two neighbours, and the weight of the second. */
function along(count, slope, start, length, stride, smooth) {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const weight = new Float32Array(count);
  let from = count;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const at = slope * (i + 0.5) + start;
    if (at < 0 || at >= length) continue;
    from = Math.min(from, i);
    to = i + 1;
    const near = smooth ? Math.floor(at - 0.5) : Math.floor(at);
    first[i] = Math.max(0, near) * stride;
    second[i] = smooth ? Math.min(length - 1, near + 1) * stride : first[i];
    weight[i] = smooth ? at - 0.5 - near : 0;
  }
  return { first, second, weight, from, to };
}

export class Software {
  constructor(pyramid) {
    this.pyramid = pyramid;
    this.colours = new Uint32Array(65536);
  }

  /** The film on all of a canvas; matrix in CSS pixels, of which each has ratio device pixels. */
  paint(context, { matrix, zoom, ratio, width, height, greys }) {
    const key = [...matrix, ratio, width, height].join();
    if (key !== this.key) {
      this.resample(matrix, zoom, ratio, width, height);
      this.key = key;
    }
    if (greys !== this.greys) {
      for (let i = 0; i < 65536; i++) this.colours[i] = BLACK | (greys[i] * 0x010101);
      this.greys = greys;
    }
    const { levels, out, across, down, colours } = this;
    for (let y = down.from; y < down.to; y++) {
      const end = y * width + across.to;
      for (let i = y * width + across.from; i < end; i++) out[i] = colours[levels[i]];
    }
    context.putImageData(this.image, 0, 0);
  }

  resample(matrix, zoom, ratio, width, height) {
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.out = new Uint32Array(this.image.data.buffer);
      this.levels = new Uint16Array(width * height);
    }
    this.out.fill(BLACK);
    const floor = this.pyramid.at(zoom * ratio);
    const [a, b, c, d, e, f] = toFloor(matrix, ratio, floor);
    const smooth = zoom < SQUARES;
    const aside = Math.abs(a) < Math.abs(b); // a row of the stage is a column of the film
    const [x, y] = aside
      ? [[b, f, floor.height, floor.width], [c, e, floor.width, 1]]
      : [[a, e, floor.width, 1], [d, f, floor.height, floor.width]];
    this.across = along(width, ...x, smooth);
    this.down = along(height, ...y, smooth);
    const { across, down, levels } = this;
    const from = floor.levels;
    for (let row = down.from; row < down.to; row++) {
      const [upper, lower, low] = [down.first[row], down.second[row], down.weight[row]];
      for (let col = across.from; col < across.to; col++) {
        const [left, right] = [across.first[col], across.second[col]];
        const above = from[left + upper];
        if (!smooth) {
          levels[row * width + col] = above;
          continue;
        }
        const below = from[left + lower];
        const far = across.weight[col];
        const top = above + (from[right + upper] - above) * far;
        const bottom = below + (from[right + lower] - below) * far;
        levels[row * width + col] = top + (bottom - top) * low + 0.5;
      }
    }
  }
  close() {}
}
