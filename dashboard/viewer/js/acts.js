// What the buttons and keys do.

import { enterPoint, hasCrosshair } from "./crosshair.js";
import { chosen, erase, step } from "./editing.js";
import { stepFrame } from "./frames.js";
import { cancelMark } from "./measuring.js";
import { fitted, flipped, turned } from "./transform.js";

/** What a button or a key does, by its name; false where it is none of these. */
export function perform(viewer, name, number) {
  const { state, header, stage } = viewer;
  const [x, y] = [stage.width / 2, stage.height / 2];
  const acts = {
    in: () => viewer.zoomAt(1.25, x, y),
    out: () => viewer.zoomAt(0.8, x, y),
    right: () => viewer.move(turned(state.place, stage, 1)),
    left: () => viewer.move(turned(state.place, stage, 3)),
    across: () => viewer.move(flipped(state.place, stage, false)),
    down: () => viewer.move(flipped(state.place, stage, true)),
    actual: () => {
      const ratio = window.devicePixelRatio || 1;
      viewer.zoomAt(header.reduction / ratio / state.place.zoom, x, y);
    },
    fit: () => viewer.lie(state.place),
    reset: () => {
      viewer.marked = null;
      viewer.lie({});
      state.invert = false;
      viewer.choose(0);
    },
    invert: () => {
      state.invert = !state.invert;
      viewer.window(state.center, state.width, state.preset);
      viewer.press();
    },
    preset: () => viewer.choose(number - 1),
    map: () => header.map && viewer.showMap(!viewer.shown.on),
    zoom_tool: () => viewer.choosing("zoom"),
    window_tool: () => {
      if (cancelMark(viewer)) return;
      if (viewer.selected) chosen(viewer, null);
      else viewer.choosing("window");
    },
    frame_before: () => stepFrame(viewer, -1),
    frame_after: () => stepFrame(viewer, 1),
    mark_before: () => step(viewer, -1),
    mark_after: () => step(viewer, 1),
    enter: () => {
      if (viewer.selected && !viewer.pending) viewer.write(viewer.selected);
      else if (hasCrosshair(viewer)) enterPoint(viewer);
    },
    erase: () => erase(viewer),
    help: () => {
      const help = viewer.root.querySelector(".help");
      help.hidden = !help.hidden;
      viewer.control("help").setAttribute("aria-expanded", String(!help.hidden));
    },
  };
  if (!Object.hasOwn(acts, name)) return false;
  acts[name]();
  return true;
}
