// Marks that are there already: chosen, moved, written on, deleted.

import { changed, dropMark, marksShown } from "./drawn.js";
import { asFraction, onFilm, shifted } from "./marks.js";
import { outlineOf } from "./drawing.js";
import { toStage } from "./transform.js";

const NEAR = 7; // CSS pixels

/** How far a point is from the line between two others. */
function distance({ x, y }, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const along = square ? ((x - from.x) * dx + (y - from.y) * dy) / square : 0;
  const by = Math.max(0, Math.min(1, along));
  return Math.hypot(x - from.x - by * dx, y - from.y - by * dy);
}

/** The mark under a point of the stage, and which of its points, or null for the whole; or null. */
export function markAt(viewer, at) {
  const { place } = viewer.state;
  const within = (box) =>
    box && at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;
  for (const mark of marksShown(viewer).reverse()) {
    const points = onFilm(mark, viewer.header).map((p) => toStage(place, viewer.header, p));
    const point = points.findIndex((p) => Math.hypot(p.x - at.x, p.y - at.y) <= NEAR);
    if (point >= 0 && points.length > 1) return { mark, point };
    const lines = outlineOf(mark, viewer.header).map((p) => toStage(place, viewer.header, p));
    const onLine = lines.some((end, i) => i && distance(at, lines[i - 1], end) <= NEAR);
    if (onLine || point >= 0 || within(viewer.labelled.get(mark))) return { mark, point: null };
  }
  return null;
}

export function chosen(viewer, mark) {
  viewer.selected = mark;
  viewer.press();
  viewer.draw();
}

/** The mark, or one of its points, follows the hand from where it was. */
export function dragEdit(viewer, { mark, point }, before, from, to) {
  const { header } = viewer;
  const [a, b] = [viewer.onFilm(from), viewer.onFilm(to)];
  if (point === null)
    mark.points = shifted(before, (b.x - a.x) / header.width, (b.y - a.y) / header.height);
  else mark.points = before.map((p, i) => (i === point ? asFraction(b, header) : p));
  viewer.draw();
}

/** By arrow keys: the whole mark, or its last point. */
export function nudge(viewer, [x, y], last) {
  const { selected: mark, state: { place }, header } = viewer;
  const step = 5; // CSS pixels
  const points = onFilm(mark, header).map((p) => toStage(place, header, p));
  const end = points[points.length - 1];
  const to = { x: end.x + step * x, y: end.y + step * y };
  const point = last && points.length > 1 ? points.length - 1 : null;
  dragEdit(viewer, { mark, point }, mark.points, end, to);
  changed(viewer);
}

/** The next mark of this frame, or the one before, as the chosen one. */
export function step(viewer, by) {
  const marks = marksShown(viewer);
  if (!marks.length) return;
  const now = marks.indexOf(viewer.selected);
  const next = now < 0 ? (by > 0 ? 0 : marks.length - 1) : (now + by + marks.length) % marks.length;
  chosen(viewer, marks[next]);
  viewer.announce(marks[next]);
}

/** The chosen mark goes, else the last one. */
export function erase(viewer) {
  const mark = viewer.selected ?? marksShown(viewer).pop();
  if (!mark) return;
  dropMark(viewer, mark);
  viewer.pending = null;
  viewer.following = false;
  changed(viewer);
}

/** A field over the mark for its words. */
export function write(viewer, mark) {
  const field = viewer.root.querySelector(".words");
  const { header, stage, state: { place } } = viewer;
  const at = toStage(place, header, onFilm(mark, header).pop());
  field.style.left = `${Math.max(4, Math.min(stage.width - 230, at.x))}px`;
  field.style.top = `${Math.max(4, Math.min(stage.height - 40, at.y))}px`;
  field.value = mark.text;
  field.hidden = false;
  viewer.written = mark;
  field.focus({ preventScroll: true });
  field.select();
}

/** The words are done; a text that says nothing is no mark. */
export function endWriting(viewer, keep) {
  const { written: mark } = viewer;
  if (!mark) return;
  const field = viewer.root.querySelector(".words");
  viewer.written = null;
  const words = keep ? field.value.trim() : mark.text;
  field.hidden = true;
  const same = words === mark.text;
  mark.text = words;
  if (mark.kind === "text" && !words) dropMark(viewer, mark);
  if (same) viewer.press();
  else changed(viewer);
  viewer.draw();
}
