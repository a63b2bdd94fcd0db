// What the reader draws: {kind, points, text, frame}. Points are [x, y] as fractions of the upright
// film, so that marks follow it wherever it goes.

export const POINTS = { length: 2, angle: 3, box: 2, arrow: 2, text: 1 }; // that each kind has
export const MOST_MARKS = 500; // that a reading takes

const within = (v) => Math.max(0, Math.min(1, v));

export const asFraction = ({ x, y }, { width, height }) => [within(x / width), within(y / height)];
export const asPixel = ([x, y], { width, height }) => ({ x: x * width, y: y * height });
export const onFilm = ({ points }, header) => points.map((point) => asPixel(point, header));

/** A mark elsewhere, by fractions of the film, but never past its edge. */
export function shifted(points, dx, dy) {
  const limit = (by, at) => Math.max(-Math.min(...at), Math.min(1 - Math.max(...at), by));
  const [x, y] = [limit(dx, points.map((p) => p[0])), limit(dy, points.map((p) => p[1]))];
  return points.map((p) => [within(p[0] + x), within(p[1] + y)]);
}

/** Millimetres, or pixels of the file, across and down from one point to another. */
function apart(from, to, { spacing_mm: spacing, reduction = 1 }) {
  const [row, column] = spacing ?? [reduction, reduction];
  return [(to.x - from.x) * column, (to.y - from.y) * row];
}

export function lengthOf([from, to], header) {
  return Math.hypot(...apart(from, to, header));
}

/** Degrees, 0 to 180, at the middle one of three points. */
export function angleOf([from, vertex, to], header) {
  const [ax, ay] = apart(vertex, from, header);
  const [bx, by] = apart(vertex, to, header);
  return (Math.abs(Math.atan2(ax * by - ay * bx, ax * bx + ay * by)) * 180) / Math.PI;
}

/** What is measured; nothing until there are all points. */
function measured(mark, header) {
  const { texts } = header;
  const points = onFilm(mark, header);
  if (mark.kind === "angle") return points.length < 3 ? "" : `${angleOf(points, header).toFixed(1)}°`;
  const length = lengthOf(points, header);
  if (!header.spacing_mm) return `${length.toFixed(0)} ${texts.pixels}`;
  return `${length.toFixed(1)} mm${header.at_detector ? ` ${texts.at_detector}` : ""}`;
}

/** What is written beside a mark. */
export function said(mark, header) {
  const value = ["length", "angle"].includes(mark.kind) ? measured(mark, header) : "";
  return [value, mark.text].filter(Boolean).join(" · ");
}

/** The longest round length, at most a quarter of the stage, and its CSS pixels; or null. */
export function scaleBar({ spacing_mm: spacing }, { zoom, turns }, stageWidth) {
  if (!spacing) return null;
  const pixelsPerMm = zoom / spacing[turns % 2 ? 0 : 1];
  const lengths = [1, 2, 5, 10, 20, 50, 100, 200];
  const length = lengths.filter((mm) => mm * pixelsPerMm <= stageWidth / 4).pop();
  return length ? { length, pixels: length * pixelsPerMm } : null;
}
