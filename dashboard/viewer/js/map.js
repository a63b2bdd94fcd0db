// The evidence map: its colours, and where it is strongest.

export const SIGNS = new Map([["raising", 1], ["lowering", -1]]); // the buttons that go to a place

/** RGBA of a map; shares below threshold (of the scale) are left clear. */
export function coloured(shares, { scale, raises, lowers }, threshold) {
  const colours = new Uint8ClampedArray(shares.length * 4);
  for (let i = 0; i < shares.length; i++) {
    const share = Math.max(-1, Math.min(1, shares[i] / (scale || 1)));
    if (Math.abs(share) < threshold) continue;
    colours.set([...(share >= 0 ? raises : lowers), Math.round(Math.abs(share) * 255)], i * 4);
  }
  return colours;
}

/** The square, an eighth of the film, whose shares sum to most of that sign; null for none. */
export function strongest(shares, { rows, cols }, { width, height }, sign) {
  const tall = Math.max(1, Math.round(rows / 8));
  const wide = Math.max(1, Math.round(cols / 8));
  let best = { sum: 0 };
  for (let row = 0; row + tall <= rows; row++)
    for (let col = 0; col + wide <= cols; col++) {
      let sum = 0;
      for (let r = row; r < row + tall; r++)
        for (let c = col; c < col + wide; c++) sum += sign * shares[r * cols + c];
      if (sum > best.sum) best = { sum, row, col };
    }
  if (!best.sum) return null;
  return {
    x: (best.col / cols) * width,
    y: (best.row / rows) * height,
    width: (wide / cols) * width,
    height: (tall / rows) * height,
  };
}

/** The share under a film pixel. */
export function shareAt(shares, { rows, cols }, { width, height }, { x, y }) {
  return shares[Math.floor((y / height) * rows) * cols + Math.floor((x / width) * cols)];
}
