// What the reader's hands, the page and another element's map do to a viewer.

import { hasCrosshair, moveCrosshair } from "./crosshair.js";
import { DRAWN } from "./drawn.js";
import { endWriting, nudge } from "./editing.js";
import { stepFrame } from "./frames.js";
import { asked, takesText } from "./keys.js";
import { bindPointer } from "./pointer.js";

export const overlays = (globalThis.mmbmOverlays ??= new Map()); // by a viewer's name
const OVERLAY = "mmbm-overlay"; // overlay.js says with it that one has changed

/** Connects a viewer; gives what takes it off again. */
export function bind(viewer) {
  const on = (act, event, handler) => viewer.control(act).addEventListener(event, handler);
  for (const button of viewer.root.querySelectorAll("button[data-act]"))
    button.addEventListener("click", () => viewer.act(button.dataset.act));
  on("preset", "change", (e) => {
    if (e.target.value === "hand") viewer.window(viewer.state.center, viewer.state.width);
    else viewer.choose(Number(e.target.value));
  });
  on("tool", "change", (e) => viewer.choosing(e.target.value));
  on("cells", "change", (e) => { viewer.shown.cells = e.target.checked; viewer.draw(); });
  on("opacity", "input", (e) => { viewer.shown.opacity = e.target.value / 100; viewer.draw(); });
  on("threshold", "input", (e) => {
    viewer.shown.threshold = e.target.value / 100;
    viewer.paintMap();
    viewer.draw();
  });
  const unbindPointer = bindPointer(viewer);
  const observer = new ResizeObserver(() => viewer.draw());
  observer.observe(viewer.canvas);
  const onOverlay = (e) => {
    if (!viewer.header?.name || e.detail !== viewer.header.name) return;
    viewer.take(overlays.get(viewer.header.name));
    viewer.labels();
    viewer.mapped();
  };
  document.addEventListener(OVERLAY, onOverlay);
  const onDrawn = ({ detail: { name, by } }) => {
    if (!viewer.header || name !== viewer.header.marks_of) return;
    if (by === "page") viewer.selected = viewer.pending = null; // they are other marks
    viewer.press();
    viewer.draw();
  };
  document.addEventListener(DRAWN, onDrawn);
  viewer.root.querySelector(".words").addEventListener("blur", () => endWriting(viewer, true));
  const onKey = (e) => press(viewer, e);
  document.addEventListener("keydown", onKey, { capture: true });
  return () => {
    observer.disconnect();
    unbindPointer();
    document.removeEventListener(OVERLAY, onOverlay);
    document.removeEventListener(DRAWN, onDrawn);
    document.removeEventListener("keydown", onKey, { capture: true });
  };
}

/** Keys on the film; for the page's own film also anywhere but where text is typed. */
function press(viewer, event) {
  const path = event.composedPath();
  const inside = path.includes(viewer.root);
  const elsewhere = path.some((node) => node.classList?.contains("viewer"));
  if (!viewer.header || (!inside && (!viewer.header.name || elsewhere))) return;
  if (takesText(path[0])) {
    if (inside) event.stopPropagation(); // the page does not see that it is a field
    if (inside && path[0].matches(".words")) written(viewer, event);
    return;
  }
  const focused = path[0] === viewer.canvas;
  const own = path.some((node) => node.dataset?.keys === "own");
  const found = asked(event, { focused, onFilm: focused || path[0] === document.body, own });
  if (!found) return;
  event.preventDefault();
  event.stopPropagation();
  const { place, center, width } = viewer.state;
  const [x, y] = found.move ?? [];
  if (!found.move) viewer.act(found.act, found.number);
  else if (viewer.selected && !viewer.following) nudge(viewer, found.move, found.shift);
  else if (hasCrosshair(viewer)) moveCrosshair(viewer, found.move, found.shift);
  else if (!found.shift && viewer.tool === "window" && viewer.header.frames > 1)
    stepFrame(viewer, found.move[0] + found.move[1]);
  else if (found.shift) {
    const step = (viewer.header.top - viewer.header.low) / 60;
    viewer.window(center + y * step, width + x * step);
  } else viewer.move({ ...place, x: place.x - 30 * x, y: place.y - 30 * y });
}

/** Enter takes the words, Escape leaves them as they were; not while a word is being composed. */
function written(viewer, event) {
  if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
  event.preventDefault();
  endWriting(viewer, event.key === "Enter");
  viewer.canvas.focus({ preventScroll: true });
}
