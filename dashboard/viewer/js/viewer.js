// The viewer. Streamlit calls the default export again whenever the payload changes; what the
// reader set by hand lives here, by picture, so that no rerun loses it.

import { perform } from "./acts.js";
import { bind, overlays } from "./binding.js";
import { marksShown } from "./drawn.js";
import { endWriting, write } from "./editing.js";
import { sayFrame } from "./frames.js";
import { narrowest } from "./greys.js";
import { Pyramid } from "./levels.js";
import { join, lead, leave } from "./link.js";
import { SIGNS, coloured, strongest } from "./map.js";
import { said } from "./marks.js";
import { cancelMark } from "./measuring.js";
import { corners, label } from "./panel.js";
import { filmOf, letGo, unpack } from "./payload.js";
import { drawScene } from "./scene.js";
import { Software } from "./software.js";
import { centred, fitted, toFilm, zoomed } from "./transform.js";
import { WebGL } from "./webgl.js";

const mounts = new WeakMap();
const kept = (globalThis.mmbmViews ??= new Map()); // by a viewer's name: its picture and state
const TOOLS = ["window", "zoom", "length", "angle", "box", "arrow", "text", "magnifier"];

class Viewer {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.overlay = document.createElement("canvas");
    this.loupe = document.createElement("canvas");
    this.tool = "window";
    this.shown = { on: false, opacity: 0.5, threshold: 0, cells: false };
    this.pointer = this.crosshair = null;
    this.selected = this.pending = this.written = null; // of the marks
    this.following = false; // whether a mark that was begun follows the crosshair
    this.labelled = new Map(); // where the words of each mark stand
    this.strongest = {}; // by button, the square of the film it goes to
    this.unbind = bind(this);
  }

  get stage() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  control(act) {
    return this.root.querySelector(`[data-act="${act}"]`);
  }

  show(sent) {
    const { header } = sent;
    const before = this.header;
    const fresh = before?.picture_id !== header.picture_id;
    if (!before) this.shown.on = !header.name || header.borrowed; // it is there for its map
    this.header = header;
    if (this.wanted === header.frame || before?.series !== header.series) this.wanted = null;
    this.shares = sent.map;
    this.take(overlays.get(header.name));
    if (fresh) {
      if (before) letGo(before);
      this.begin(before);
      this.canvas.setAttribute("aria-busy", "true"); // until it is drawn
      this.renderer?.close();
      this.levels = this.renderer = null;
      filmOf(sent).then((film) => {
        if (this.header === header || this.header.picture_id === header.picture_id)
          this.develop(film);
      });
    }
    this.labels();
    this.mapped();
    if (before?.link !== header.link) join(this, header.link);
    else if (fresh) lead(this);
  }

  /** The view of a picture: as it was left, or at its start. */
  begin(before) {
    const { name, series, picture_id: id, windows: [{ center, width }] } = this.header;
    const found = name && kept.get(name);
    if (found?.id === id) {
      Object.assign(this, found.view);
    } else if (!(series && before?.series === series)) {
      const place = fitted({}, this.header, this.stage);
      this.state = { place, touched: false, center, width, preset: "0", invert: false, marks: [] };
      this.marked = null;
    }
    else this.choose(Number(this.state.preset)); // another frame is seen as the one before
    if (name) kept.set(name, { id, view: { state: this.state, shown: this.shown } });
    this.selected = this.pending = this.crosshair = null;
    this.following = false;
    this.greys = null;
  }

  develop({ levels, curve }) {
    this.levels = levels;
    this.curve = curve;
    this.greys = null;
    this.pyramid = new Pyramid(levels, this.header.width, this.header.height);
    this.renderer = WebGL.of(this.pyramid) ?? new Software(this.pyramid);
    this.magnifier = new Software(this.pyramid);
    this.draw();
  }

  /** The map that another element sent for this picture; one for another picture is not drawn. */
  take(overlay) {
    if (!this.header.name) return;
    const own = overlay?.header.picture_id === this.header.picture_id;
    this.shares = own ? overlay.map : null;
    this.header.map = own ? overlay.header.map : null;
    if (own) this.header.alt = overlay.header.alt;
  }

  mapped() {
    const { shares, header } = this;
    this.paintMap();
    this.strongest = {};
    for (const [act, sign] of SIGNS) {
      this.strongest[act] = shares && strongest(shares, header.map, header, sign);
      this.control(act).disabled = !this.strongest[act];
    }
    if (!this.strongest[this.marked]) this.marked = null;
    this.draw();
  }

  labels() {
    label(this.root, this.header, this.state.preset);
    this.control("tool").replaceChildren(
      ...TOOLS.map((name) => new Option(this.header.texts[`key_${toolKey(name)}`], name)),
    );
    this.control("opacity").value = String(100 * this.shown.opacity);
    this.control("threshold").value = String(100 * this.shown.threshold);
    this.control("cells").checked = this.shown.cells;
    const follows = this.header.link && this.header.marks_of !== this.header.name;
    this.root.classList.toggle("second", Boolean(follows)); // the first one has the tools
    sayFrame(this);
    this.press();
    this.showMap(this.shown.on);
  }

  /** Buttons and lists say what is on. */
  press() {
    this.control("tool").value = this.tool;
    this.control("preset").value = this.state.preset;
    this.control("invert").setAttribute("aria-pressed", String(this.state.invert));
    for (const name of ["box", "arrow", "text"])
      this.control(name).setAttribute("aria-pressed", String(this.tool === name));
    this.control("erase").disabled = !marksShown(this).length;
  }

  showMap(on) {
    this.shown.on = on;
    this.control("map").setAttribute("aria-pressed", String(on));
    for (const node of this.root.querySelectorAll(".shown"))
      node.hidden = !on || !this.header.map;
    this.draw();
  }

  paintMap() {
    const { map } = this.header;
    if (!map) return;
    this.overlay.width = map.cols;
    this.overlay.height = map.rows;
    const colours = coloured(this.shares, map, this.shown.threshold);
    const picture = new ImageData(colours, map.cols, map.rows);
    this.overlay.getContext("2d").putImageData(picture, 0, 0);
  }

  draw() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => drawScene(this));
  }

  corners() {
    if (!this.header) return;
    const { place } = this.state;
    const ratio = window.devicePixelRatio || 1;
    const percent = (100 * place.zoom * ratio) / (this.header.reduction || 1);
    corners(this.root, { ...this, percent }, this.pointer && this.onFilm(this.pointer));
  }

  onFilm(point) {
    return toFilm(this.state.place, this.header, point);
  }

  move(place) {
    this.state.place = place;
    this.state.touched = true;
    this.draw();
    lead(this);
  }

  zoomAt(factor, x, y) {
    this.move(zoomed(this.state.place, factor, x, y));
  }

  /** A window by hand, or a preset where it is named. */
  window(center, width, preset = "hand") {
    const least = preset === "hand" ? narrowest(this.header) : 0;
    const dragged = preset === "hand" && this.state.preset === "hand"; // no button changes
    Object.assign(this.state, { center, width: Math.max(least, width), preset });
    this.greys = null;
    if (!dragged) this.press();
    this.draw();
    lead(this);
  }

  choose(index) {
    const chosen = this.header.windows[index];
    if (chosen) this.window(chosen.center, chosen.width, String(index));
  }

  showStrongest(act) {
    const square = this.strongest[act];
    if (!square) return;
    const { state, header, stage } = this;
    const fit = fitted(state.place, header, stage);
    const point = { x: square.x + square.width / 2, y: square.y + square.height / 2 };
    this.marked = act;
    this.move(centred({ ...fit, zoom: fit.zoom * 2 }, header, stage, point));
    this.showMap(true);
  }

  choosing(tool) {
    this.tool = this.tool === tool ? "window" : tool;
    cancelMark(this);
    this.selected = this.crosshair = null;
    this.press();
    this.draw();
  }

  act(name, number) {
    if (perform(this, name, number)) return;
    if (SIGNS.has(name)) this.showStrongest(name);
    else if (TOOLS.includes(name)) this.choosing(name);
  }

  /** The whole film, turned as given, and so again when the stage changes. */
  lie(turn) {
    this.move(fitted(turn, this.header, this.stage));
    this.state.touched = false;
    lead(this);
  }

  write(mark) {
    write(this, mark);
  }

  /** Says a mark to those who do not see it: its kind, its place in the row, its words. */
  announce(mark) {
    const marks = marksShown(this);
    const kind = this.header.texts[`key_${toolKey(mark.kind)}`];
    const words = said(mark, this.header);
    this.root.querySelector(".told").textContent =
      `${kind} ${marks.indexOf(mark) + 1} / ${marks.length}${words ? `: ${words}` : ""}`;
  }

  close() {
    endWriting(this, true);
    leave(this);
    this.unbind();
    this.renderer?.close();
    if (this.header) letGo(this.header);
  }
}

const toolKey = (tool) => (["window", "zoom"].includes(tool) ? `${tool}_tool` : tool);

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".viewer");
  let viewer = mounts.get(parentElement);
  if (!viewer || viewer.root !== root) {
    viewer?.close();
    viewer = new Viewer(root);
    mounts.set(parentElement, viewer);
  }
  viewer.send = setStateValue;
  if (data && data.length) viewer.show(unpack(data));
  return () => {
    viewer.close();
    mounts.delete(parentElement);
  };
}
