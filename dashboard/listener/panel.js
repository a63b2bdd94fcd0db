// What is seen of the recording and what is done with it, by pointer and by keyboard.

const SHORTEST = 0.05; // seconds of a selection, and of what is seen at once
const signed = (value, digits) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
const made = (tag, kind, text = "") =>
  Object.assign(document.createElement(tag), { className: kind, textContent: text });

class Panel {
  constructor(root) {
    this.root = root;
    this.tracks = this.at(".tracks");
    this.observer = new ResizeObserver(() => this.later());
    this.observer.observe(this.tracks);
    this.bind();
  }

  at(selector) {
    return this.root.querySelector(selector);
  }

  control(act) {
    return this.at(`[data-act="${act}"]`);
  }

  load({ header, samples }, memory) {
    this.player?.close();
    this.header = header;
    this.samples = samples;
    this.memory = memory;
    this.peak = null;
    this.top = Math.max(1, samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0));
    this.player = new Player(samples, header.rate, memory, () => this.changed());
    this.seconds = this.player.seconds;
    memory.view ??= [0, this.seconds];
    for (const act of ["speed", "filter", "gain"]) this.control(act).value = String(memory[act]);
    this.tracks.setAttribute("aria-valuemax", this.seconds.toFixed(1));
    this.changed();
    this.later();
  }

  /** Words, shares and moments; they come by themselves and again with each finding or language. */
  tell(told) {
    if (!told || told.recording_id !== this.header?.recording_id) return;
    this.told = told;
    const { texts } = told;
    for (const node of this.root.querySelectorAll("[data-text]"))
      node.textContent = texts[node.dataset.text] ?? "";
    this.root.setAttribute("aria-label", texts.panel);
    this.tracks.setAttribute("aria-label", texts.position);
    this.at(".name.share").textContent = told.share_label;
    this.at(".chapters").setAttribute("aria-label", told.heading);
    const row = made("div", "row");
    for (const chapter of told.chapters) {
      const button = made("button", "chapter");
      button.type = "button";
      button.append(made("i", chapter.kind), chapter.text);
      button.addEventListener("click", () => this.player.seek(chapter.at, true));
      row.append(button);
    }
    this.at(".chapters").replaceChildren(made("span", "heading", told.heading), row);
    const marked = told.marked.map((line) => made("div", "marked", line));
    const notes = told.notes.map((line) => made("div", "", line));
    this.at(".notes").replaceChildren(...marked, ...notes);
    this.changed();
    this.place();
  }

  changed() {
    const { player, memory, told } = this;
    if (!player) return;
    if (told) {
      const { texts } = told;
      const play = this.control("play");
      play.textContent = player.playing ? `❚❚ ${texts.pause}` : `▶ ${texts.play}`;
      this.at("output").textContent = `${memory.gain ? signed(memory.gain, 0) : 0} dB`;
      this.at(".stretch").textContent = memory.selection
        ? memory.selection.map((at) => at.toFixed(2)).join("–") + " s" : "";
    }
    this.control("loop").setAttribute("aria-pressed", String(memory.loop));
    this.control("zoom").disabled = this.control("clear").disabled = !memory.selection;
    this.control("whole").disabled = memory.view[1] - memory.view[0] >= this.seconds;
    this.band();
    this.follow();
  }

  /** The cursor, for as long as it plays. */
  follow() {
    cancelAnimationFrame(this.frame);
    const { player, memory } = this;
    if (!player?.samples) return;
    const position = player.position;
    const [from, to] = memory.view;
    if (player.playing && (position < from || position > to) && to - from < this.seconds)
      this.show(position, position + to - from);
    const place = (at) => `${(100 * (at - memory.view[0])) / (memory.view[1] - memory.view[0])}%`;
    this.at(".cursor").style.left = place(position);
    this.at(".cursor").dataset.seconds = position.toFixed(4);
    const selected = this.at(".selected");
    const stretch = this.dragged ?? memory.selection;
    selected.hidden = !stretch;
    if (stretch) {
      selected.style.left = place(stretch[0]);
      selected.style.right = `calc(100% - ${place(stretch[1])})`;
    }
    const clock = `${position.toFixed(1)} / ${this.seconds.toFixed(1)} s`;
    if (this.at(".clock").textContent !== clock) {
      this.at(".clock").textContent = clock;
      this.tracks.setAttribute("aria-valuenow", position.toFixed(1));
      this.tracks.setAttribute("aria-valuetext", clock);
    }
    if (player.playing) this.frame = requestAnimationFrame(() => this.follow());
  }

  /** See [from, to] in seconds. */
  show(from, to) {
    const wide = Math.min(this.seconds, Math.max(SHORTEST, to - from));
    const start = Math.max(0, Math.min(from, this.seconds - wide));
    this.memory.view = [start, start + wide];
    this.changed();
    this.later();
  }

  zoom(factor) {
    const [from, to] = this.memory.view;
    const middle = this.player.position;
    const part = middle >= from && middle <= to ? (middle - from) / (to - from) : 0.5;
    const at = from + part * (to - from);
    const wide = (to - from) * factor;
    this.show(at - part * wide, at + (1 - part) * wide);
  }

  later() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const { samples, header, memory } = this;
    if (!samples || !this.tracks.clientWidth) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [from, to] = memory.view.map((at) => at * header.rate);
    for (const canvas of this.root.querySelectorAll("canvas")) {
      canvas.width = Math.round(canvas.clientWidth * ratio);
      canvas.height = Math.round(canvas.clientHeight * ratio);
    }
    const wave = this.at(".wave canvas");
    const spectrogram = this.at(".spectrogram canvas");
    paintWave(wave, samples, from, to, this.top);
    this.peak ??= loudest(columnsOf(samples, 0, samples.length, spectrogram.width));
    const powers = columnsOf(samples, from, to, spectrogram.width);
    paintSpectrogram(spectrogram, powers, this.peak, header.rate);
    this.place();
  }

  /** All that stands at a time: shares, marks, seconds. */
  place() {
    const { told, memory, header } = this;
    if (!header) return;
    const [from, to] = memory.view;
    const span = (kind, start, end, tag = "i") => {
      const node = made(tag, kind);
      node.style.left = `${(100 * (start - from)) / (to - from)}%`;
      node.style.width = `${(100 * (end - start)) / (to - from)}%`;
      return node;
    };
    const marks = ["clipped", "silent"].flatMap((kind) =>
      header[kind].map(([start, end]) => span(kind, start, end)));
    const unheard = told && told.heard < this.seconds - 0.05
      ? () => [span("unheard", told.heard, this.seconds)] : () => [];
    this.at(".marks").replaceChildren(...marks, ...unheard());
    const bars = (told?.shares ?? []).map((share, index) => {
      const bar = span(share > 0 ? "raises" : "lowers", index * told.step, (index + 1) * told.step, "b");
      const high = Math.min(1, Math.abs(share) / told.scale) * 48;
      bar.style.top = `${share > 0 ? 50 - high : 50}%`;
      bar.style.height = `${high}%`;
      bar.title = `${((index + 0.5) * told.step).toFixed(2)} s: ${signed(share, 4)}`;
      return bar;
    });
    this.at(".bars").replaceChildren(made("i", "zero"), ...bars, ...unheard());
    this.events(span);
    const most = Math.max(2, Math.floor(this.tracks.clientWidth / 60));
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120]
      .find((each) => (to - from) / each <= most) ?? 300;
    const ticks = [];
    for (let at = Math.ceil(from / step - 1e-6) * step; at < to - step / 3; at += step) {
      const tick = span("", at, at, "span");
      tick.style.width = "";
      tick.textContent = `${Number(at.toFixed(2))}${ticks.length ? "" : " s"}`;
      ticks.push(tick);
    }
    this.at(".times").replaceChildren(...ticks);
    this.band();
  }

  /** A row for each event: where it was heard. */
  events(span) {
    const rows = (this.told?.events ?? []).map(({ text, spans }) => {
      const row = made("div", "");
      const heard = spans.map(([start, end]) => {
        const node = span("heard", start, end);
        node.title = `${text}: ${start.toFixed(1)}–${end.toFixed(1)} s`;
        return node;
      });
      row.append(...heard, made("span", "", text));
      return row;
    });
    this.at(".track.events").hidden = !rows.length;
    this.at(".track.events").replaceChildren(...rows);
  }

  /** The frequencies by their names, and those that the filter takes away, dimmed. */
  band() {
    const nodes = LABELLED.map((hertz) => {
      const label = made("span", "", String(hertz));
      label.style.bottom = `${100 * height(hertz)}%`;
      return label;
    });
    const edges = BANDS[this.memory.filter];
    if (edges) {
      const [bottom, top] = edges.map((hertz) => Math.max(0, 100 * height(hertz)));
      const low = made("i", "bottom");
      Object.assign(low.style, { bottom: 0, height: `${bottom}%` });
      const high = made("i", "top");
      Object.assign(high.style, { top: 0, height: `${100 - top}%` });
      nodes.unshift(...(bottom ? [low, high] : [high]));
    }
    this.at(".hertz").replaceChildren(...nodes);
  }

  close() {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.waiting);
    this.observer.disconnect();
    this.player?.close();
    this.samples = this.header = null;
  }
}
