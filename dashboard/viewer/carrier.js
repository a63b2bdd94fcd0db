// Takes the reader's marks to the server, apart from the viewer, so that no film is sent with them.

const DRAWN = "mmbm-drawn";
const drawn = (globalThis.mmbmDrawn ??= new Map()); // by a viewer's name: {epoch, marks}
const carriers = new Map(); // by a viewer's name
const SOON = 500; // ms in which a carrier that is only mounted anew has come back

/** Marks of another case than those at hand are taken; else those at hand are newer. */
function take({ name, epoch, marks }) {
  if (drawn.get(name)?.epoch === epoch) return;
  drawn.set(name, { epoch, marks: structuredClone(marks) });
  document.dispatchEvent(new CustomEvent(DRAWN, { detail: { name, by: "page" } }));
}

document.addEventListener(DRAWN, ({ detail: { name, by } }) => {
  if (by === "reader") carriers.get(name)?.("drawn", structuredClone(drawn.get(name)));
});

export default function ({ data, setStateValue }) {
  const { name } = data;
  carriers.set(name, setStateValue);
  take(data);
  return () => {
    setTimeout(() => {
      if (carriers.get(name) !== setStateValue) return;
      carriers.delete(name);
      drawn.delete(name); // nothing of a case stays
    }, SOON);
  };
}
