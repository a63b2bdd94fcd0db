// Keys, as common viewers have them.

export const KEYS = {
  z: "zoom_tool", m: "length", a: "angle", b: "box", d: "arrow", t: "text", g: "magnifier",
  Escape: "window_tool",
  i: "invert", r: "right", l: "left", h: "across", v: "down",
  "+": "in", "-": "out", "=": "fit", n: "actual", " ": "reset", 0: "reset",
  1: "preset", 2: "preset", 3: "preset", 4: "preset", 5: "preset",
  PageUp: "frame_before", PageDown: "frame_after",
  o: "map", ",": "mark_before", ".": "mark_after", Enter: "enter", Delete: "erase",
  Backspace: "erase", "?": "help",
};
// Streamlit runs the page again at "r" and empties its caches at "c".
const STREAMLITS = ["r", "c"];
const ON_FILM = [" ", "Escape", "Delete", "Backspace", "PageUp", "PageDown"]; // these mean something else elsewhere
const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
const NO_TEXT = "[type=checkbox], [type=radio], [type=range], [type=button], [type=file]";

export function takesText(target) {
  if (!target?.matches) return false;
  if (target.isContentEditable) return true;
  const fields = `input:not(${NO_TEXT}), textarea, select, [role=textbox], [role=combobox]`;
  return target.matches(fields);
}

/** What a key asks of the viewer: {act, number} or {move, shift}; null for nothing.
 *
 * onFilm: the film has the focus, or nothing has; focused: the film has it; own: a panel with keys
 * of its own has it, from which only Streamlit's are taken.
 */
export function asked({ key, shiftKey, ctrlKey, metaKey, altKey }, { onFilm, focused, own = false }) {
  if (ctrlKey || metaKey || altKey) return null;
  if (ARROWS[key]) return focused ? { move: ARROWS[key], shift: shiftKey } : null;
  const plain = key.length === 1 ? key.toLowerCase() : key;
  if (own) return STREAMLITS.includes(plain) ? { act: "nothing" } : null;
  if (ON_FILM.includes(plain) && !onFilm) return null;
  if (plain === "Enter" && !focused) return null; // it presses buttons
  if (Object.hasOwn(KEYS, plain)) return { act: KEYS[plain], number: Number(plain) };
  return STREAMLITS.includes(plain) ? { act: "nothing" } : null;
}

const WITH_ARROWS = {
  move: "← → ↑ ↓", window_keys: "⇧ ← → ↑ ↓", crosshair: "← → ↑ ↓ ⏎", nudge: "← → ↑ ↓",
  frames: "← → ↑ ↓",
};

/** For the help: [keys, act], each act once. */
export function listed() {
  const names = { " ": "␣", Delete: "Del", Escape: "Esc", Enter: "⏎", PageUp: "PgUp", PageDown: "PgDn" };
  const byAct = new Map();
  for (const [key, act] of Object.entries(KEYS)) {
    if (key === "Backspace") continue;
    byAct.set(act, [...(byAct.get(act) ?? []), names[key] ?? key]);
  }
  const plain = [...byAct].map(([act, keys]) => [keys.join(" "), act]);
  return [...plain, ...Object.entries(WITH_ARROWS).map(([act, keys]) => [keys, act])];
}
