// The whole case without a mouse: a crosshair moved by arrow keys, whose Enter sets points.

import { drawMark, setPoint } from "./measuring.js";
import { POINTS } from "./marks.js";

const FAR = 10; // CSS pixels a key; 1 with Shift

export const hasCrosshair = ({ tool }) => Object.hasOwn(POINTS, tool) || tool === "magnifier";

export function moveCrosshair(viewer, [x, y], fine) {
  const { stage } = viewer;
  const step = fine ? 1 : FAR;
  const at = viewer.crosshair ?? { x: stage.width / 2, y: stage.height / 2 };
  const within = (v, most) => Math.max(0, Math.min(most, v));
  viewer.crosshair = {
    x: within(at.x + step * x, stage.width),
    y: within(at.y + step * y, stage.height),
  };
  viewer.pointer = viewer.crosshair;
  if (viewer.following) drawMark(viewer, viewer.crosshair);
  viewer.draw();
}

/** Enter: a point of the tool's mark where the crosshair stands, at first in the middle. */
export function enterPoint(viewer) {
  if (!viewer.crosshair) moveCrosshair(viewer, [0, 0], false);
  if (Object.hasOwn(POINTS, viewer.tool)) setPoint(viewer, viewer.tool, viewer.crosshair);
}
