// What lies on the film, drawn in CSS pixels of the stage: white with a black rim, legible on any.

import { edges } from "./markers.js";
import { asPixel, onFilm, said, scaleBar } from "./marks.js";
import { toStage } from "./transform.js";

const RIM = { "#fff": [["#000", 4], ["#fff", 2]], "#ffd84d": [["#000", 4], ["#ffd84d", 2]] };
const [PLAIN, CHOSEN] = Object.keys(RIM);

function line(context, points, { closed = false, colour: inner = PLAIN } = {}) {
  for (const [colour, width] of RIM[inner]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    points.forEach(({ x, y }, i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (closed) context.closePath();
    context.stroke();
  }
}

function text(context, words, x, y, { size = 12, align = "left", colour = PLAIN } = {}) {
  if (!words) return;
  context.font = `${size}px sans-serif`;
  context.textAlign = align;
  context.lineWidth = 3;
  context.strokeStyle = "#000";
  context.fillStyle = colour;
  context.strokeText(words, x, y);
  context.fillText(words, x, y);
}

export function drawSquare(context, square, place, size) {
  const { x, y, width, height } = square;
  const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  line(context, corners.map(([cx, cy]) => toStage(place, size, { x: cx, y: cy })), { closed: true });
}

/** The corners of a mark's line in film pixels; a box comes back to its first. */
export function outlineOf(mark, header) {
  const points = onFilm(mark, header);
  if (mark.kind !== "box") return points;
  const [from, to] = points;
  return [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }, from];
}

/** Draws marks and gives where the words of each stand, {x, y, width, height} by mark. */
export function drawMarks(context, marks, place, header, { stage, selected }) {
  const labelled = new Map();
  for (const mark of marks) {
    const points = mark.points.map((point) => toStage(place, header, asPixel(point, header)));
    const outline = outlineOf(mark, header).map((point) => toStage(place, header, point));
    const colour = mark === selected ? CHOSEN : PLAIN;
    line(context, outline, { colour });
    if (mark.kind === "arrow") drawHead(context, points, colour);
    const ends = mark === selected || !["box", "arrow", "text"].includes(mark.kind) ? points : [];
    for (const { x, y } of ends) {
      line(context, [{ x: x - 4, y }, { x: x + 4, y }], { colour });
      line(context, [{ x, y: y - 4 }, { x, y: y + 4 }], { colour });
    }
    const words = said(mark, header);
    if (words) labelled.set(mark, drawWords(context, words, wordsAt(mark, points), stage, colour));
  }
  return labelled;
}

function drawHead(context, [tail, head], colour) {
  const [dx, dy] = [head.x - tail.x, head.y - tail.y];
  const length = Math.hypot(dx, dy);
  if (!length) return;
  const [x, y] = [(12 * dx) / length, (12 * dy) / length];
  const side = (by) => ({ x: head.x - x - by * y, y: head.y - y + by * x });
  line(context, [side(0.5), head, side(-0.5)], { colour });
}

function wordsAt({ kind }, points) {
  if (kind === "text") return points[0];
  if (kind === "box") {
    const least = (axis) => Math.min(...points.map((p) => p[axis]));
    return { x: least("x"), y: least("y") - 6 };
  }
  const { x, y } = points[kind === "arrow" ? 0 : kind === "angle" ? 1 : points.length - 1];
  return { x: x + 8, y: y - 8 };
}

/** Words at a place, pushed back onto the stage where they would leave it. */
function drawWords(context, words, at, stage, colour) {
  context.font = "13px sans-serif";
  const { width } = context.measureText(words);
  const x = Math.max(4, Math.min(stage.width - width - 6, at.x));
  const y = Math.max(14, Math.min(stage.height - 6, at.y));
  text(context, words, x, y, { size: 13, colour });
  return { x: x - 3, y: y - 14, width: width + 6, height: 19 };
}

export function drawCrosshair(context, { x, y }) {
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]])
    line(context, [{ x: x + 5 * dx, y: y + 5 * dy }, { x: x + 18 * dx, y: y + 18 * dy }]);
}

export function drawScaleBar(context, header, place, stage) {
  const bar = scaleBar(header, place, stage.width);
  if (!bar) return;
  const [x, y, end] = [12, stage.height - 12, 12 + bar.pixels];
  line(context, [{ x, y: y - 5 }, { x, y }, { x: end, y }, { x: end, y: y - 5 }]);
  const where = header.at_detector ? ` ${header.texts.at_detector}` : "";
  text(context, `${bar.length} mm${where}`, x + 4, y - 8);
}

/** Letters at the edges. */
export function drawMarkers(context, orientation, place, stage) {
  const found = edges(orientation, place);
  const style = { size: 16, align: "center" };
  const [middle, half] = [stage.width / 2, stage.height / 2];
  text(context, found.left, 14, half, style);
  text(context, found.right, stage.width - 14, half, style);
  text(context, found.top, middle, 20, style);
  text(context, found.bottom, middle, stage.height - 12, style);
}

/** A round piece of another canvas, with a rim. */
export function drawLoupe(context, picture, { x, y }, side) {
  context.save();
  context.beginPath();
  context.arc(x, y, side / 2, 0, 2 * Math.PI);
  context.clip();
  context.drawImage(picture, x - side / 2, y - side / 2, side, side);
  context.restore();
  context.strokeStyle = "#fff";
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, side / 2, 0, 2 * Math.PI);
  context.stroke();
}
