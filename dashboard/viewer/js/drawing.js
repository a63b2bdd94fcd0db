// What lies on the film, drawn in CSS pixels of the stage: white with a black rim, legible on any.

import { edges } from "./markers.js";
import { said, scaleBar } from "./marks.js";
import { toStage } from "./transform.js";

const RIM = [["#000", 4], ["#fff", 2]];

function line(context, points, closed = false) {
  for (const [colour, width] of RIM) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    points.forEach(({ x, y }, i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (closed) context.closePath();
    context.stroke();
  }
}

function text(context, words, x, y, { size = 12, align = "left" } = {}) {
  context.font = `${size}px sans-serif`;
  context.textAlign = align;
  context.lineWidth = 3;
  context.strokeStyle = "#000";
  context.fillStyle = "#fff";
  context.strokeText(words, x, y);
  context.fillText(words, x, y);
}

export function drawSquare(context, square, place, size) {
  const { x, y, width, height } = square;
  const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  line(context, corners.map(([cx, cy]) => toStage(place, size, { x: cx, y: cy })), true);
}

export function drawMarks(context, marks, place, header) {
  for (const mark of marks) {
    const points = mark.points.map((point) => toStage(place, header, point));
    line(context, points);
    for (const { x, y } of points) {
      line(context, [{ x: x - 4, y }, { x: x + 4, y }]);
      line(context, [{ x, y: y - 4 }, { x, y: y + 4 }]);
    }
    const at = points[mark.kind === "angle" ? 1 : points.length - 1];
    text(context, said(mark, header), at.x + 8, at.y - 8, { size: 13 });
  }
}

export function drawScaleBar(context, header, place, stage) {
  const bar = scaleBar(header, place, stage.width);
  if (!bar) return;
  const [x, y, end] = [12, stage.height - 12, 12 + bar.pixels];
  line(context, [{ x, y: y - 5 }, { x, y }, { x: end, y }, { x: end, y: y - 5 }]);
  const where = header.at_detector ? ` ${header.texts.at_detector}` : "";
  text(context, `${bar.length} mm${where}`, x + 4, y - 8);
}

/** Letters at the edges; the uppermost stands below the tools. */
export function drawMarkers(context, orientation, place, stage, top) {
  const found = edges(orientation, place);
  const style = { size: 16, align: "center" };
  const [middle, half] = [stage.width / 2, stage.height / 2];
  text(context, found.left, 14, half, style);
  text(context, found.right, stage.width - 14, half, style);
  text(context, found.top, middle, top + 20, style);
  text(context, found.bottom, middle, stage.height - 36, style);
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
