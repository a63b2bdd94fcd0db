// Measurements, in film pixels: {kind: "length", points: 2} or {kind: "angle", points: 3}.

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

/** What is written beside a measurement; nothing until it has all its points. */
export function said({ kind, points }, header) {
  const { texts } = header;
  if (kind === "angle") return points.length < 3 ? "" : `${angleOf(points, header).toFixed(1)}°`;
  const length = lengthOf(points, header);
  if (!header.spacing_mm) return `${length.toFixed(0)} ${texts.pixels}`;
  return `${length.toFixed(1)} mm${header.at_detector ? ` ${texts.at_detector}` : ""}`;
}

/** The longest round length, at most a quarter of the stage, and its CSS pixels; or null. */
export function scaleBar({ spacing_mm: spacing }, { zoom, turns }, stageWidth) {
  if (!spacing) return null;
  const pixelsPerMm = zoom / spacing[turns % 2 ? 0 : 1];
  const lengths = [1, 2, 5, 10, 20, 50, 100, 200];
  const length = lengths.filter((mm) => mm * pixelsPerMm <= stageWidth / 4).pop();
  return length ? { length, pixels: length * pixelsPerMm } : null;
}
