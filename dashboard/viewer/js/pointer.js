// The mouse, the pen and the wheel on the film.

import { changed } from "./drawn.js";
import { chosen, dragEdit, markAt } from "./editing.js";
import { stepFrame } from "./frames.js";
import { POINTS } from "./marks.js";
import { beginMark, drawMark, endMark, isClick } from "./measuring.js";

const PAGE_SCROLL = 350; // ms; a scroll of the page that passes over the film stays one

export function bindPointer(viewer) {
  const { canvas } = viewer;
  let drag = null;
  let outside = 0;
  const place = (e, box = canvas.getBoundingClientRect()) =>
    ({ x: e.clientX - box.left, y: e.clientY - box.top });
  canvas.addEventListener("wheel", (e) => {
    if (e.timeStamp - outside < PAGE_SCROLL) {
      outside = e.timeStamp;
      return;
    }
    e.preventDefault();
    const { x, y } = place(e);
    if (e.altKey && viewer.header.frames > 1) stepFrame(viewer, Math.sign(e.deltaY));
    else viewer.zoomAt(Math.exp(-e.deltaY * 0.0015), x, y);
  }, { passive: false });
  canvas.addEventListener("pointerdown", (e) => {
    if (e.button > 1 || !viewer.state) return;
    e.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(e.pointerId);
    const box = canvas.getBoundingClientRect(); // kept: to ask for it lays the page out anew
    const at = place(e, box);
    viewer.crosshair = null;
    const panning = e.button === 1 || e.shiftKey;
    const grabbed = panning || viewer.pending ? null : markAt(viewer, at);
    const tool = panning ? "pan" : grabbed ? "edit" : viewer.tool;
    drag = { ...at, box, tool, start: { ...viewer.state }, last: at, grabbed, before: grabbed?.mark.points };
    chosen(viewer, grabbed?.mark ?? null);
    if (Object.hasOwn(POINTS, tool)) beginMark(viewer, tool, at);
  });
  canvas.addEventListener("pointermove", (e) => {
    viewer.pointer = place(e, drag?.box);
    if (drag) dragTo(viewer, drag, viewer.pointer);
    else {
      const over = viewer.state && !viewer.pending && markAt(viewer, viewer.pointer);
      canvas.style.cursor = over ? (over.point === null ? "move" : "pointer") : "";
      if (viewer.tool === "magnifier") viewer.draw();
      else viewer.corners();
    }
  });
  const stop = (e) => {
    if (Object.hasOwn(POINTS, drag?.tool ?? "")) endMark(viewer, drag, place(e));
    else if (drag?.tool === "edit" && drag.grabbed.mark.points !== drag.before) changed(viewer);
    drag = null;
  };
  canvas.addEventListener("pointerup", stop);
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", () => {
    viewer.pointer = null;
    viewer.corners();
    if (viewer.tool === "magnifier") viewer.draw();
  });
  canvas.addEventListener("dblclick", (e) => {
    const over = markAt(viewer, place(e));
    if (over) viewer.write(over.mark);
    else if (!Object.hasOwn(POINTS, viewer.tool)) viewer.act("reset");
  });
  const elsewhere = (e) => {
    if (!e.composedPath().includes(canvas)) outside = e.timeStamp;
  };
  window.addEventListener("wheel", elsewhere, { passive: true });
  return () => window.removeEventListener("wheel", elsewhere);
}

function dragTo(viewer, drag, { x, y }) {
  const { tool, start, last } = drag;
  drag.last = { x, y };
  if (tool === "pan") {
    const { place } = start;
    viewer.move({ ...place, x: place.x + x - drag.x, y: place.y + y - drag.y });
  } else if (Object.hasOwn(POINTS, tool)) drawMark(viewer, { x, y });
  else if (tool === "edit") {
    if (!isClick(drag, { x, y }) || drag.grabbed.mark.points !== drag.before)
      dragEdit(viewer, drag.grabbed, drag.before, drag, { x, y });
  } else if (tool === "zoom") viewer.zoomAt(Math.exp((last.y - y) * 0.01), drag.x, drag.y);
  else if (tool === "magnifier") viewer.draw();
  else if (!isClick(drag, { x, y })) {
    const perPixel = (viewer.header.top - viewer.header.low) / 600;
    viewer.window(start.center + (y - drag.y) * perPixel, start.width + (x - drag.x) * perPixel);
  }
}
