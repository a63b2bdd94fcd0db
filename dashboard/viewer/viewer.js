// The picture viewer. Streamlit calls the default export again whenever the payload changes; what
// the reader set by hand (zoom, window, overlay) lives here, by mount, so that no rerun loses it.

const mounts = new WeakMap();
const overlays = (globalThis.mmbmOverlays ??= new Map()); // by a viewer's name, from overlay.js
const OVERLAY = "mmbm-overlay"; // the event that one has changed
const LEVELS = 65535;
const SIGNS = new Map([["raising", 1], ["lowering", -1]]); // the buttons that go to a place

/** Payload: u32 header length, JSON header, u16 pixels (height, width), f32 map (rows, cols). */
function unpack(bytes) {
  const copy = (from, length) => bytes.slice(from, from + length).buffer;
  const length = new DataView(copy(0, 4)).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const start = 4 + length;
  const size = header.width * header.height * 2;
  const pixels = new Uint16Array(copy(start, size));
  const map = header.map
    ? new Float32Array(copy(start + size, header.map.rows * header.map.cols * 4))
    : null;
  return { header, pixels, map };
}

const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);

function digitsFor(scale) {
  return Math.min(6, Math.max(2, 2 - Math.floor(Math.log10(scale || 1))));
}

class Viewer {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.film = document.createElement("canvas");
    this.overlay = document.createElement("canvas");
    this.invert = false;
    this.opacity = 0.5;
    this.mapOn = false;
    this.cells = false;
    this.pointer = null;
    this.outsideWheel = 0;
    this.strongest = {}; // by button, the square of the film it goes to
    this.bind();
  }

  control(act) {
    return this.root.querySelector(`[data-act="${act}"]`);
  }

  show({ header, pixels, map }) {
    const fresh = !this.header || this.header.picture_id !== header.picture_id;
    if (!this.header) this.mapOn = !header.name; // a map of its own is what it is there for
    this.header = header;
    this.map = map;
    this.take(overlays.get(header.name));
    this.labels();
    if (fresh) {
      this.pixels = pixels;
      this.film.width = header.width;
      this.film.height = header.height;
      this.filmData = this.film.getContext("2d").createImageData(header.width, header.height);
      this.choose(0);
      this.fit();
    }
    this.mapped();
  }

  /** The map that another element sent for this picture; one for another picture is not drawn. */
  take(overlay) {
    if (!this.header.name) return;
    const own = overlay?.header.picture_id === this.header.picture_id;
    this.map = own ? overlay.map : null;
    this.header.map = own ? overlay.header.map : null;
    if (own) this.header.alt = overlay.header.alt;
  }

  mapped() {
    const { map } = this;
    this.paintOverlay();
    this.strongest = {};
    for (const [act, sign] of SIGNS) {
      this.strongest[act] = map && this.find(sign);
      this.control(act).disabled = !this.strongest[act];
    }
    if (!this.strongest[this.marked]) this.marked = null;
    this.draw();
  }

  labels() {
    const { texts, windows, map, alt } = this.header;
    for (const node of this.root.querySelectorAll("[data-text]"))
      node.textContent = texts[node.dataset.text] ?? "";
    for (const node of this.root.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", texts[node.dataset.label] ?? "");
      node.title = texts[node.dataset.label] ?? "";
    }
    this.canvas.setAttribute("aria-label", alt);
    const select = this.control("preset");
    const chosen = select.value;
    select.replaceChildren(
      ...windows.map((w, i) => new Option(w.name, String(i))),
      new Option(texts.by_hand, "hand"),
    );
    select.value = chosen || "0";
    for (const node of this.root.querySelectorAll(".map")) node.hidden = !map;
    this.showMap(this.mapOn);
    if (!map) return;
    const legend = this.root.querySelector(".legend");
    const digits = digitsFor(map.scale);
    legend.querySelector(".low").textContent = `${signed(-map.scale, digits)} ${texts.lowers}`;
    legend.querySelector(".high").textContent = `${signed(map.scale, digits)} ${texts.raises}`;
    legend.querySelector(".unit").textContent = texts.unit;
    const rgb = (c) => `rgb(${c.join(",")})`;
    legend.querySelector(".ramp").style.background =
      `linear-gradient(90deg, ${rgb(map.lowers)}, #e8e8e8, ${rgb(map.raises)})`;
  }

  showMap(on) {
    this.mapOn = on;
    this.control("map").setAttribute("aria-pressed", String(on));
    for (const node of this.root.querySelectorAll(".shown"))
      node.hidden = !on || !this.header.map;
    this.draw();
  }

  choose(index) {
    const preset = this.header.windows[index];
    this.center = preset.center;
    this.width = preset.width;
    this.control("preset").value = String(index);
    this.paintFilm();
  }

  fit() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    this.fitted = w > 0 && h > 0;
    this.zoom = Math.min(w / this.header.width, h / this.header.height) || 1;
    this.panX = (w - this.header.width * this.zoom) / 2;
    this.panY = (h - this.header.height * this.zoom) / 2;
    this.touched = false;
    this.marked = null;
  }

  paintFilm() {
    const { low, high } = this.header;
    const step = (high - low) / LEVELS;
    const bottom = this.center - this.width / 2;
    const table = new Uint8Array(LEVELS + 1);
    for (let i = 0; i <= LEVELS; i++) {
      const grey = ((low + i * step - bottom) / this.width) * 255;
      const clipped = grey < 0 ? 0 : grey > 255 ? 255 : grey;
      table[i] = this.invert ? 255 - clipped : clipped;
    }
    const out = this.filmData.data;
    for (let i = 0, j = 0; i < this.pixels.length; i++, j += 4) {
      out[j] = out[j + 1] = out[j + 2] = table[this.pixels[i]];
      out[j + 3] = 255;
    }
    this.film.getContext("2d").putImageData(this.filmData, 0, 0);
  }

  paintOverlay() {
    const { map } = this.header;
    if (!map) return;
    this.overlay.width = map.cols;
    this.overlay.height = map.rows;
    const context = this.overlay.getContext("2d");
    const image = context.createImageData(map.cols, map.rows);
    for (let i = 0; i < this.map.length; i++) {
      const share = Math.max(-1, Math.min(1, this.map[i] / (map.scale || 1)));
      const colour = share >= 0 ? map.raises : map.lowers;
      image.data.set([...colour, Math.round(Math.abs(share) * 255)], i * 4);
    }
    context.putImageData(image, 0, 0);
  }

  draw() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    const { canvas, context, header } = this;
    const { clientWidth: w, clientHeight: h } = canvas;
    if (!header || !w || !h) return;
    if (!this.fitted) this.fit();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const wide = header.width * this.zoom;
    const tall = header.height * this.zoom;
    context.imageSmoothingEnabled = this.zoom < 4;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.film, this.panX, this.panY, wide, tall);
    if (header.map && this.mapOn && this.opacity > 0) {
      context.save();
      // Smoothing bleeds past the film's edge without this clip.
      context.beginPath();
      context.rect(this.panX, this.panY, wide, tall);
      context.clip();
      context.globalAlpha = this.opacity;
      context.imageSmoothingEnabled = !this.cells;
      context.drawImage(this.overlay, this.panX, this.panY, wide, tall);
      context.restore();
    }
    this.drawMark();
    this.drawScaleBar(w, h);
    this.drawCorners();
  }

  /** The square, an eighth of the film, whose shares sum to most of that sign; null for none. */
  find(sign) {
    const { rows, cols } = this.header.map;
    const tall = Math.max(1, Math.round(rows / 8));
    const wide = Math.max(1, Math.round(cols / 8));
    let best = { sum: 0 };
    for (let row = 0; row + tall <= rows; row++)
      for (let col = 0; col + wide <= cols; col++) {
        let sum = 0;
        for (let r = row; r < row + tall; r++)
          for (let c = col; c < col + wide; c++) sum += sign * this.map[r * cols + c];
        if (sum > best.sum) best = { sum, row, col };
      }
    if (!best.sum) return null;
    const { width, height } = this.header;
    return {
      x: (best.col / cols) * width,
      y: (best.row / rows) * height,
      width: (wide / cols) * width,
      height: (tall / rows) * height,
    };
  }

  showStrongest(act) {
    const place = this.strongest[act];
    if (!place) return;
    this.fit();
    const { clientWidth: w, clientHeight: h } = this.canvas;
    this.zoom *= 2;
    this.panX = w / 2 - (place.x + place.width / 2) * this.zoom;
    this.panY = h / 2 - (place.y + place.height / 2) * this.zoom;
    this.touched = true;
    this.marked = act;
    this.showMap(true);
  }

  drawMark() {
    if (!this.marked) return;
    const { x, y, width, height } = this.strongest[this.marked];
    const { context, zoom } = this;
    for (const [colour, line] of [["#000", 4], ["#fff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(this.panX + x * zoom, this.panY + y * zoom, width * zoom, height * zoom);
    }
  }

  drawScaleBar(w, h) {
    const spacing = this.header.spacing_mm;
    if (!spacing) return;
    const pixelsPerMm = this.zoom / spacing;
    const lengths = [1, 2, 5, 10, 20, 50, 100, 200];
    const length = lengths.filter((mm) => mm * pixelsPerMm <= w / 4).pop();
    if (!length) return;
    const { context } = this;
    const x = 12;
    const y = h - 12;
    const end = x + length * pixelsPerMm;
    for (const [colour, line] of [["#000", 4], ["#fff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.beginPath();
      context.moveTo(x, y - 5);
      context.lineTo(x, y);
      context.lineTo(end, y);
      context.lineTo(end, y - 5);
      context.stroke();
    }
    context.font = "12px sans-serif";
    context.lineWidth = 3;
    context.strokeStyle = "#000";
    context.fillStyle = "#fff";
    context.strokeText(`${length} mm`, x + 4, y - 6);
    context.fillText(`${length} mm`, x + 4, y - 6);
  }

  drawCorners() {
    const { texts, width, height, low, high, map } = this.header;
    const round = (v) => (Math.abs(v) >= 100 ? v.toFixed(0) : v.toPrecision(3));
    const at = (corner) => this.root.querySelector(`.${corner}`);
    at("level").textContent = `${texts.center_width} ${round(this.center)} / ${round(this.width)}`;
    at("zoom").textContent = `${Math.round((this.zoom / (this.header.reduction || 1)) * 100)} %`;
    const pointer = at("pointer");
    pointer.textContent = "";
    if (!this.pointer) return;
    const x = Math.floor((this.pointer.x - this.panX) / this.zoom);
    const y = Math.floor((this.pointer.y - this.panY) / this.zoom);
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const value = low + (this.pixels[y * width + x] / LEVELS) * (high - low);
    let text = `${texts.value} ${round(value)}`;
    if (map) {
      const row = Math.floor((y / height) * map.rows);
      const col = Math.floor((x / width) * map.cols);
      const share = this.map[row * map.cols + col];
      text += ` · ${texts.share} ${signed(share, digitsFor(map.scale) + 1)}`;
    }
    pointer.textContent = text;
  }

  zoomAt(factor, x, y) {
    const next = Math.max(0.05, Math.min(40, this.zoom * factor));
    this.panX = x - ((x - this.panX) / this.zoom) * next;
    this.panY = y - ((y - this.panY) / this.zoom) * next;
    this.zoom = next;
    this.touched = true;
    this.draw();
  }

  rewindow(center, width) {
    this.center = center;
    this.width = Math.max((this.header.high - this.header.low) / 500, width);
    this.control("preset").value = "hand";
    this.paintFilm();
    this.draw();
  }

  reset() {
    this.fit();
    if (this.invert) this.toggleInvert();
    this.choose(0);
    this.draw();
  }

  toggleInvert() {
    this.invert = !this.invert;
    this.control("invert").setAttribute("aria-pressed", String(this.invert));
    this.paintFilm();
    this.draw();
  }

  middle() {
    return [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
  }

  bind() {
    const on = (act, event, handler) => this.control(act).addEventListener(event, handler);
    on("preset", "change", (e) => {
      if (e.target.value !== "hand") this.choose(Number(e.target.value));
      this.draw();
    });
    on("invert", "click", () => this.toggleInvert());
    on("in", "click", () => this.zoomAt(1.25, ...this.middle()));
    on("out", "click", () => this.zoomAt(0.8, ...this.middle()));
    on("reset", "click", () => this.reset());
    for (const act of SIGNS.keys()) on(act, "click", () => this.showStrongest(act));
    on("map", "click", () => this.showMap(!this.mapOn));
    on("cells", "change", (e) => { this.cells = e.target.checked; this.draw(); });
    on("opacity", "input", (e) => { this.opacity = Number(e.target.value) / 100; this.draw(); });
    this.bindCanvas();
    this.observer = new ResizeObserver(() => {
      if (this.header && !this.touched) this.fit();
      this.draw();
    });
    this.observer.observe(this.canvas);
    this.onWindowWheel = (e) => {
      if (!e.composedPath().includes(this.canvas)) this.outsideWheel = e.timeStamp;
    };
    window.addEventListener("wheel", this.onWindowWheel, { passive: true });
    this.onOverlay = (e) => {
      if (!this.header?.name || e.detail !== this.header.name) return;
      this.take(overlays.get(this.header.name));
      this.labels();
      this.mapped();
    };
    document.addEventListener(OVERLAY, this.onOverlay);
    this.onPageKey = (e) => this.pageKey(e);
    document.addEventListener("keydown", this.onPageKey);
  }

  /** "o" anywhere on the page but where text is typed. */
  pageKey(event) {
    if (event.key !== "o" || event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    if (!this.header?.name || !this.map || target.isContentEditable) return;
    if (target.matches?.("input:not([type=checkbox], [type=range], [type=radio]), textarea, select"))
      return;
    event.preventDefault();
    this.showMap(!this.mapOn);
  }

  bindCanvas() {
    const { canvas } = this;
    const place = (e) => {
      const box = canvas.getBoundingClientRect();
      return { x: e.clientX - box.left, y: e.clientY - box.top };
    };
    canvas.addEventListener("wheel", (e) => {
      // A page scroll that happens to pass over the film stays a page scroll.
      if (e.timeStamp - this.outsideWheel < 350) {
        this.outsideWheel = e.timeStamp;
        return;
      }
      e.preventDefault();
      const { x, y } = place(e);
      this.zoomAt(Math.exp(-e.deltaY * 0.0015), x, y);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (e) => {
      const pan = e.button === 1 || e.shiftKey;
      if (e.button > 1) return;
      e.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(e.pointerId);
      this.drag = { ...place(e), pan, center: this.center, width: this.width,
        panX: this.panX, panY: this.panY };
    });
    canvas.addEventListener("pointermove", (e) => {
      this.pointer = place(e);
      if (this.drag) this.dragTo(this.pointer);
      else this.drawCorners();
    });
    const stop = () => { this.drag = null; };
    canvas.addEventListener("pointerup", stop);
    canvas.addEventListener("pointercancel", stop);
    canvas.addEventListener("pointerleave", () => { this.pointer = null; this.drawCorners(); });
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("keydown", (e) => this.key(e));
  }

  dragTo({ x, y }) {
    const { drag } = this;
    if (drag.pan) {
      this.panX = drag.panX + x - drag.x;
      this.panY = drag.panY + y - drag.y;
      this.touched = true;
      this.draw();
      return;
    }
    if (Math.hypot(x - drag.x, y - drag.y) < 3) return;
    const perPixel = (this.header.high - this.header.low) / 600;
    this.rewindow(drag.center + (y - drag.y) * perPixel, drag.width + (x - drag.x) * perPixel);
  }

  key(event) {
    const move = { ArrowLeft: [30, 0], ArrowRight: [-30, 0], ArrowUp: [0, 30], ArrowDown: [0, -30] };
    if (move[event.key]) {
      this.panX += move[event.key][0];
      this.panY += move[event.key][1];
      this.touched = true;
      this.draw();
    } else if (event.key === "+" || event.key === "=") this.zoomAt(1.25, ...this.middle());
    else if (event.key === "-") this.zoomAt(0.8, ...this.middle());
    else if (event.key === "i") this.toggleInvert();
    else if (event.key === "0") this.reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    this.observer.disconnect();
    window.removeEventListener("wheel", this.onWindowWheel);
    document.removeEventListener(OVERLAY, this.onOverlay);
    document.removeEventListener("keydown", this.onPageKey);
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer");
  let viewer = mounts.get(parentElement);
  if (!viewer || viewer.root !== root) {
    viewer?.close();
    viewer = new Viewer(root);
    mounts.set(parentElement, viewer);
  }
  if (data && data.length) viewer.show(unpack(data));
  return () => {
    viewer.close();
    mounts.delete(parentElement);
  };
}
