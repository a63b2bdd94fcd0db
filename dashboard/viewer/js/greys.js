// From levels to greys: the linear window of DICOM PS3.3 C.11.2.1.2.1, or the file's own curve.

import { LEVELS } from "./payload.js";

/** A grey for each of the 65536 levels. */
export function greysOf({ low, high }, { center, width, invert }, curve = null) {
  const greys = new Uint8ClampedArray(LEVELS + 1); // rounds, and clips to 0 and 255
  if (curve) {
    greys.set(curve);
    greys.fill(curve[curve.length - 1], curve.length);
  } else {
    const step = (high - low) / LEVELS;
    const span = Math.max(width - 1, 1e-6);
    const slope = (255 * step) / span;
    const start = (255 * (low - (center - 0.5))) / span + 127.5;
    for (let i = 0; i <= LEVELS; i++) greys[i] = start + slope * i;
  }
  if (invert) for (let i = 0; i <= LEVELS; i++) greys[i] = 255 - greys[i];
  return greys;
}

/** The narrowest window that a drag makes. */
export function narrowest({ low, top }) {
  return 1 + (top - low) / 500;
}

export const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);

export function digitsFor(scale) {
  return Math.min(6, Math.max(2, 2 - Math.floor(Math.log10(scale || 1))));
}

export const rounded = (v) => (Math.abs(v) >= 100 ? v.toFixed(0) : v.toPrecision(3));
