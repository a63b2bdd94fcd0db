// Where the film lies on the stage: mirror, quarter turns clockwise, zoom, then its centre's place.
// place: {zoom (CSS pixels a film pixel), turns (0 to 3), mirrored, x, y}

const COS = [1, 0, -1, 0];
const SIN = [0, 1, 0, -1];

/** [a, b, c, d, e, f] as a canvas takes them: stage = (a x + c y + e, b x + d y + f). */
export function matrix(place, { width, height }) {
  const { zoom, turns, mirrored, x, y } = place;
  const a = COS[turns] * zoom * (mirrored ? -1 : 1);
  const b = SIN[turns] * zoom * (mirrored ? -1 : 1);
  const c = -SIN[turns] * zoom;
  const d = COS[turns] * zoom;
  return [a, b, c, d, x - (a * width + c * height) / 2, y - (b * width + d * height) / 2];
}

export function toStage(place, size, point) {
  const [a, b, c, d, e, f] = matrix(place, size);
  return { x: a * point.x + c * point.y + e, y: b * point.x + d * point.y + f };
}

export function toFilm(place, size, point) {
  const [a, b, c, d, e, f] = matrix(place, size);
  const square = place.zoom * place.zoom; // rows and columns of the matrix have this length
  const [x, y] = [point.x - e, point.y - f];
  return { x: (a * x + b * y) / square, y: (c * x + d * y) / square };
}

/** The whole film in the middle of the stage, turned as it is. */
export function fitted({ turns = 0, mirrored = false }, size, stage) {
  const [across, down] = turns % 2 ? [size.height, size.width] : [size.width, size.height];
  const zoom = Math.min(stage.width / across, stage.height / down) || 1;
  return { zoom, turns, mirrored, x: stage.width / 2, y: stage.height / 2 };
}

export function zoomed(place, factor, x, y, [least, most] = [0.02, 40]) {
  const zoom = Math.max(least, Math.min(most, place.zoom * factor));
  const by = zoom / place.zoom;
  return { ...place, zoom, x: x + (place.x - x) * by, y: y + (place.y - y) * by };
}

/** A quarter turn clockwise (by = 1) or back (by = 3) about the middle of the stage. */
export function turned(place, stage, by) {
  const [x, y] = [place.x - stage.width / 2, place.y - stage.height / 2];
  return {
    ...place,
    turns: (place.turns + by) % 4,
    x: stage.width / 2 + COS[by] * x - SIN[by] * y,
    y: stage.height / 2 + SIN[by] * x + COS[by] * y,
  };
}

/** What the eye sees, mirrored left to right, or top to bottom. */
export function flipped(place, stage, upsideDown) {
  return {
    ...place,
    mirrored: !place.mirrored,
    turns: ((upsideDown ? 6 : 4) - place.turns) % 4,
    x: upsideDown ? place.x : stage.width - place.x,
    y: upsideDown ? stage.height - place.y : place.y,
  };
}

/** The place at which this film pixel is in the middle of the stage. */
export function centred(place, size, stage, point) {
  const now = toStage(place, size, point);
  return { ...place, x: place.x + stage.width / 2 - now.x, y: place.y + stage.height / 2 - now.y };
}
