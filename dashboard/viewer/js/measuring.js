// Length and angle by dragging: a length is one drag, an angle one for each arm.

const TOO_SHORT = 3; // CSS pixels that are a click, not a drag

export const isClick = (from, to) => Math.hypot(to.x - from.x, to.y - from.y) < TOO_SHORT;

/** At the first point, or at the end of an angle's second arm. */
export function beginMark(viewer, kind, at) {
  const point = viewer.onFilm(at);
  if (viewer.pending?.kind === "angle" && kind === "angle") viewer.pending.points.push(point);
  else {
    viewer.pending = { kind, points: [point, point] };
    viewer.state.marks.push(viewer.pending);
  }
  viewer.draw();
}

export function drawMark(viewer, at) {
  if (!viewer.pending) return;
  viewer.pending.points[viewer.pending.points.length - 1] = viewer.onFilm(at);
  viewer.draw();
}

/** A click makes no length and no first arm. */
export function endMark(viewer, from, to) {
  const { pending } = viewer;
  if (!pending) return;
  const first = pending.points.length === 2;
  if (first && isClick(from, to)) viewer.state.marks.pop();
  viewer.pending = first && pending.kind === "angle" && !isClick(from, to) ? pending : null;
  viewer.press();
  viewer.draw();
}
