// All that a viewer shows on its canvas: film, map, measurements, markers.

import {
  drawCrosshair, drawLoupe, drawMarkers, drawMarks, drawScaleBar, drawSquare,
} from "./drawing.js";
import { marksShown } from "./drawn.js";
import { greysOf } from "./greys.js";
import { Software } from "./software.js";
import { fitted, matrix, zoomed } from "./transform.js";

const LOUPE = { side: 220, zoom: 2.5 }; // CSS pixels; times the film's zoom

/** Everything on the canvas, as the viewer's state says. */
export function drawScene(viewer) {
  const { canvas, context, header, stage } = viewer;
  if (!header || !stage.width || !stage.height) return;
  const { state } = viewer;
  if (!state.touched) state.place = fitted(state.place, header, stage);
  const ratio = window.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(stage.width * ratio), Math.round(stage.height * ratio)];
  if (canvas.width !== wide || canvas.height !== tall) {
    canvas.width = wide;
    canvas.height = tall;
  }
  viewer.greys ??= greysOf(header, state, state.preset === "0" ? viewer.curve : null);
  if (viewer.renderer?.lost) viewer.renderer = new Software(viewer.pyramid);
  const { place } = state;
  const view = { matrix: matrix(place, header), zoom: place.zoom, ratio, greys: viewer.greys };
  if (viewer.renderer) {
    viewer.renderer.paint(context, { ...view, width: wide, height: tall });
    if (canvas.hasAttribute("aria-busy")) canvas.removeAttribute("aria-busy");
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (!viewer.renderer) context.fillRect(0, 0, stage.width, stage.height);
  drawMap(viewer, view.matrix);
  if (viewer.marked) drawSquare(context, viewer.strongest[viewer.marked], place, header);
  if (viewer.tool === "magnifier" && viewer.pointer && viewer.levels) magnify(viewer, view);
  const { selected } = viewer;
  viewer.labelled = drawMarks(context, marksShown(viewer), place, header, { stage, selected });
  drawMarkers(context, header.orientation, place, stage);
  drawScaleBar(context, header, place, stage);
  if (viewer.crosshair) drawCrosshair(context, viewer.crosshair);
  viewer.corners();
}

function drawMap(viewer, [a, b, c, d, e, f]) {
  const { context, header, shown } = viewer;
  if (!header.map || !shown.on || !shown.opacity) return;
  context.save();
  context.transform(a, b, c, d, e, f);
  // Smoothing bleeds past the film's edge without this clip.
  context.beginPath();
  context.rect(0, 0, header.width, header.height);
  context.clip();
  context.globalAlpha = shown.opacity;
  context.imageSmoothingEnabled = !shown.cells;
  context.drawImage(viewer.overlay, 0, 0, header.width, header.height);
  context.restore();
}

function magnify(viewer, { ratio, greys }) {
  const { x, y } = viewer.pointer;
  const side = Math.round(LOUPE.side * ratio);
  const half = LOUPE.side / 2;
  const near = zoomed(viewer.state.place, LOUPE.zoom, x, y, [0, Infinity]);
  const place = { ...near, x: near.x - x + half, y: near.y - y + half };
  if (viewer.loupe.width !== side) viewer.loupe.width = viewer.loupe.height = side;
  const view = { matrix: matrix(place, viewer.header), zoom: place.zoom, ratio, greys };
  const into = viewer.loupe.getContext("2d");
  viewer.magnifier.paint(into, { ...view, width: side, height: side });
  drawLoupe(viewer.context, viewer.loupe, viewer.pointer, LOUPE.side);
}
