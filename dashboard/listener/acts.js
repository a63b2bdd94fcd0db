// The panel's buttons, keys and pointer.

Panel.prototype.bind = function bind() {
  const on = (act, event, handler) =>
    this.control(act).addEventListener(event, (e) => handler(e.target));
  on("play", "click", () => this.player.toggle());
  on("loop", "click", () => this.player.setLoop(!this.memory.loop));
  on("speed", "change", (select) => this.player.setSpeed(Number(select.value)));
  on("filter", "change", (select) => this.player.setFilter(select.value));
  on("gain", "input", (slider) => this.player.setGain(Number(slider.value)));
  on("zoom", "click", () => this.show(...this.memory.selection));
  on("whole", "click", () => this.show(0, this.seconds));
  on("clear", "click", () => this.player.select(null));
  this.root.addEventListener("keydown", (event) => this.key(event));
  this.bindPointer();
};

Panel.prototype.bindPointer = function bindPointer() {
  const { tracks } = this;
  const secondAt = (event) => {
    const box = tracks.getBoundingClientRect();
    const [from, to] = this.memory.view;
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return from + part * (to - from);
  };
  let begun = null;
  tracks.addEventListener("pointerdown", (event) => {
    if (event.button || !this.player) return;
    tracks.setPointerCapture(event.pointerId);
    begun = { x: event.clientX, at: secondAt(event) };
  });
  tracks.addEventListener("pointermove", (event) => {
    if (!begun || Math.abs(event.clientX - begun.x) < 4) return;
    this.dragged = [begun.at, secondAt(event)].sort((a, b) => a - b);
    this.follow();
  });
  const done = (event) => {
    const { dragged } = this;
    const click = begun && !dragged && event.type === "pointerup";
    begun = this.dragged = null;
    if (dragged && dragged[1] - dragged[0] >= SHORTEST) this.hear(dragged);
    else if (click) this.player.seek(secondAt(event), true);
    else if (this.player) this.follow();
  };
  tracks.addEventListener("pointerup", done);
  tracks.addEventListener("pointercancel", done);
};

/** Hear a stretch again and again. */
Panel.prototype.hear = function hear(stretch) {
  this.player.pause();
  this.memory.loop = true;
  this.memory.selection = stretch;
  this.player.play(stretch[0]);
  this.changed();
};

/** Begin (edge 0) or end (edge 1) the selection at the cursor. */
Panel.prototype.mark = function mark(edge) {
  const stretch = [...(this.memory.selection ?? [0, this.seconds])];
  stretch[edge] = this.player.position;
  if (stretch[1] - stretch[0] < SHORTEST) stretch[1 - edge] = edge ? 0 : this.seconds;
  if (stretch[1] - stretch[0] >= SHORTEST) this.player.select(stretch);
};

/** Keys while anything of the panel has the focus; what a control needs itself is left to it. */
Panel.prototype.key = function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !this.player) return;
  const [target] = event.composedPath();
  const { player } = this;
  const step = event.shiftKey ? 0.1 : 1;
  const acts = {
    l: () => player.setLoop(!this.memory.loop),
    "[": () => this.mark(0),
    "]": () => this.mark(1),
    "+": () => this.zoom(0.5),
    "=": () => this.zoom(0.5),
    "-": () => this.zoom(2),
    Escape: () => player.select(null),
  };
  if (!target.matches("button, select")) acts[" "] = () => player.toggle();
  if (target === this.tracks)
    Object.assign(acts, {
      ArrowLeft: () => player.seek(player.position - step),
      ArrowRight: () => player.seek(player.position + step),
      Home: () => player.seek(0),
      End: () => player.seek(this.seconds),
    });
  if (target.matches("select") || !acts[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  acts[event.key]();
};
