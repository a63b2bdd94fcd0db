// Marks by dragging, or by the crosshair: a length, box or arrow is one drag, an angle one for each
// arm, a text one click.

import { addMark, changed, dropMark, marksOf } from "./drawn.js";
import { MOST_MARKS, POINTS, asFraction } from "./marks.js";

const TOO_SHORT = 3; // CSS pixels that are a click, not a drag

export const isClick = (from, to) => Math.hypot(to.x - from.x, to.y - from.y) < TOO_SHORT;

const fractionAt = (viewer, at) => asFraction(viewer.onFilm(at), viewer.header);

/** At the first point, or at the end of an angle's second arm. */
export function beginMark(viewer, kind, at) {
  const point = fractionAt(viewer, at);
  if (viewer.pending?.kind === "angle" && kind === "angle") viewer.pending.points.push(point);
  else {
    if (marksOf(viewer).length >= MOST_MARKS) return;
    const points = Array.from({ length: Math.min(2, POINTS[kind]) }, () => point);
    viewer.pending = { kind, points, text: "", frame: viewer.header.frame };
    addMark(viewer, viewer.pending);
    viewer.selected = null;
  }
  viewer.draw();
}

export function drawMark(viewer, at) {
  if (!viewer.pending) return;
  viewer.pending.points[viewer.pending.points.length - 1] = fractionAt(viewer, at);
  viewer.draw();
}

/** A click makes no length, box or arrow, and no first arm. */
export function endMark(viewer, from, to) {
  const { pending } = viewer;
  if (!pending) return;
  const { kind, points } = pending;
  const clicked = isClick(from, to);
  if (clicked && kind !== "text" && points.length === 2) cancelMark(viewer);
  else if (points.length === POINTS[kind]) finish(viewer);
  viewer.draw();
}

/** The crosshair's Enter: the next point of a mark, which then follows the crosshair. */
export function setPoint(viewer, kind, at) {
  const { pending } = viewer;
  if (!pending) {
    beginMark(viewer, kind, at);
    if (POINTS[kind] > 1) viewer.following = true;
    else finish(viewer);
  } else {
    drawMark(viewer, at);
    if (pending.points.length < POINTS[kind]) pending.points.push(fractionAt(viewer, at));
    else finish(viewer);
  }
}

function finish(viewer) {
  const mark = viewer.pending;
  if (!mark) return;
  viewer.pending = null;
  viewer.following = false;
  viewer.selected = mark;
  if (mark.kind === "text") viewer.write(mark); // it is sent once it says something
  else changed(viewer);
  viewer.announce(mark);
}

/** A mark that was begun is none; says whether there was one. */
export function cancelMark(viewer) {
  const { pending } = viewer;
  if (!pending) return false;
  dropMark(viewer, pending);
  viewer.pending = null;
  viewer.following = false;
  viewer.press();
  viewer.draw();
  return true;
}
