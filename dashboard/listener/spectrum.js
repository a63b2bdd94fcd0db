// Waveform and spectrogram of a stretch of the recording, on canvases.

const WINDOW = 512; // samples, Hann; 32 ms at 16 kHz, as the model hears
const SIZE = 1024; // of the transform, the window padded
const SPAN = 60; // decibels from black to white, below the loudest
const HERTZ = [50, 4000]; // bottom and top
const LABELLED = [100, 200, 500, 1000, 2000];
const FRAMES = 6; // at most, that one column stands for

const hann = Float32Array.from({ length: WINDOW }, (_, i) =>
  0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
const turns = Float32Array.from({ length: SIZE }, (_, i) =>
  (i % 2 ? Math.sin : Math.cos)((-2 * Math.PI * (i >> 1)) / SIZE));
const swapped = Uint16Array.from({ length: SIZE }, (_, i) => {
  let turned = 0;
  for (let bit = 1; bit < SIZE; bit <<= 1) turned = (turned << 1) | (i & bit ? 1 : 0);
  return turned;
});

/** The power of each of SIZE / 2 bands of the window that begins at a sample. */
function power(samples, start, out) {
  const real = new Float32Array(SIZE);
  const imaginary = new Float32Array(SIZE);
  for (let i = 0; i < WINDOW; i++)
    real[swapped[i]] = ((samples[start + i] ?? 0) / 32768) * hann[i];
  for (let half = 1; half < SIZE; half *= 2) {
    const stride = SIZE / (2 * half);
    for (let block = 0; block < SIZE; block += 2 * half)
      for (let k = 0; k < half; k++) {
        const [c, s] = [turns[2 * k * stride], turns[2 * k * stride + 1]];
        const [upper, lower] = [block + k, block + k + half];
        const re = real[lower] * c - imaginary[lower] * s;
        const im = real[lower] * s + imaginary[lower] * c;
        real[lower] = real[upper] - re;
        imaginary[lower] = imaginary[upper] - im;
        real[upper] += re;
        imaginary[upper] += im;
      }
  }
  for (let i = 0; i < SIZE / 2; i++) {
    const now = real[i] * real[i] + imaginary[i] * imaginary[i];
    if (now > out[i]) out[i] = now;
  }
}

/** Where a frequency lies, 0 at the bottom and 1 at the top. */
const height = (hertz) => Math.log(hertz / HERTZ[0]) / Math.log(HERTZ[1] / HERTZ[0]);

/** (columns, SIZE / 2) powers over [from, to] in samples, each the loudest of its frames. */
function columnsOf(samples, from, to, columns) {
  const each = (to - from) / columns;
  const frames = Math.min(FRAMES, Math.max(1, Math.round(each / (WINDOW / 4))));
  const powers = [];
  for (let column = 0; column < columns; column++) {
    const out = new Float32Array(SIZE / 2);
    for (let frame = 0; frame < frames; frame++)
      power(samples, Math.round(from + (column + (frame + 0.5) / frames) * each - WINDOW / 2), out);
    powers.push(out);
  }
  return powers;
}

/** The loudest power of any band and column. */
function loudest(powers) {
  let most = 1e-12;
  for (const column of powers) for (const one of column) if (one > most) most = one;
  return most;
}

function paintSpectrogram(canvas, powers, peak, rate) {
  const { width, height: rows } = canvas;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, rows);
  const top = SIZE / 2 - 1;
  const bandAt = (row) =>
    (HERTZ[0] * (HERTZ[1] / HERTZ[0]) ** (1 - row / rows) * SIZE) / rate;
  for (let y = 0; y < rows; y++) {
    const [low, high] = [Math.min(top, bandAt(y + 1)), Math.min(top, bandAt(y))];
    for (let x = 0; x < width; x++) {
      const column = powers[x];
      let value = 0;
      if (high - low < 1) {
        const middle = (low + high) / 2;
        const below = Math.floor(middle);
        const part = middle - below;
        value = column[below] * (1 - part) + column[Math.min(top, below + 1)] * part;
      } else
        for (let k = Math.floor(low); k <= high; k++) if (column[k] > value) value = column[k];
      const level = 1 + (10 * Math.log10(value / peak + 1e-12)) / SPAN;
      image.data.fill(Math.max(0, Math.min(1, level)) * 255, 4 * (y * width + x), 4 * (y * width + x) + 3);
      image.data[4 * (y * width + x) + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

/** The outline of samples [from, to], at the recording's largest swing. */
function paintWave(canvas, samples, from, to, top) {
  const { width, height: rows } = canvas;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, rows);
  context.fillStyle = "#b9c5ce";
  const line = Math.max(1, rows / 60);
  const y = (value) => rows / 2 - (value / top) * (rows / 2 - line);
  for (let x = 0; x < width; x++) {
    const start = Math.floor(from + (x / width) * (to - from));
    const end = Math.max(start + 1, Math.floor(from + ((x + 1) / width) * (to - from)));
    let [low, high] = [Infinity, -Infinity];
    for (let i = start; i <= end && i < samples.length; i++) {
      if (samples[i] < low) low = samples[i];
      if (samples[i] > high) high = samples[i];
    }
    if (high >= low) context.fillRect(x, y(high) - line / 2, 1, y(low) - y(high) + line);
  }
}
