// The marks of a case: those of a viewer with a name are shared with every viewer of that name, and
// with the element that takes them to the server (carrier.js).

export const DRAWN = "mmbm-drawn"; // the event that they changed: {name, by: "reader" or "page"}
const drawn = (globalThis.mmbmDrawn ??= new Map()); // name -> {epoch, marks}

/** All marks, of every frame; epoch is null until the server has said which case they are of. */
export function marksOf(viewer) {
  const { marks_of: name, picture_id: id } = viewer.header;
  if (!name) return viewer.state.marks;
  const held = drawn.get(name);
  if (held && (held.epoch !== null || held.of === id)) return held.marks;
  drawn.set(name, { epoch: null, of: id, marks: [] });
  return drawn.get(name).marks;
}

/** Those of the frame that is shown. */
export const marksShown = (viewer) =>
  marksOf(viewer).filter((mark) => mark.frame === viewer.header.frame);

export function addMark(viewer, mark) {
  marksOf(viewer).push(mark);
}

export function dropMark(viewer, mark) {
  const marks = marksOf(viewer);
  if (marks.includes(mark)) marks.splice(marks.indexOf(mark), 1);
  if (viewer.selected === mark) viewer.selected = null;
}

/** The reader has changed them. */
export function changed(viewer) {
  const { marks_of: name } = viewer.header;
  viewer.press();
  viewer.draw();
  if (!name) return;
  document.dispatchEvent(new CustomEvent(DRAWN, { detail: { name, by: "reader" } }));
}
