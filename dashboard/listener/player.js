// The recording through the Web Audio API: where it is, how fast, through which filter, how loud.

// Hz, -3 dB. Lung sounds begin at 100 Hz, above the heart's (Bohadana et al., N Engl J Med 2014)
// and are read up to 2000 (Sovijarvi et al., Eur Respir Rev 2000); S1 and S2 lie in 20 to 200.
const BANDS = { none: null, lung: [100, 2000], heart: [20, 200] };
const BUTTERWORTH = [0.541196100146197, 1.306562964876377]; // Q of the two halves of order 4
const decibels = (ratio) => 20 * Math.log10(ratio);

/** The biquads of a band, a Butterworth of order 4 at each edge; none for the whole recording. */
function bandFilters(context, band, speed) {
  if (!BANDS[band]) return [];
  return BANDS[band].flatMap((hertz, edge) =>
    BUTTERWORTH.map((q) => {
      const filter = new BiquadFilterNode(context, { type: edge ? "lowpass" : "highpass" });
      filter.Q.value = decibels(q);
      filter.frequency.value = hertz * speed; // of the recording, whatever the speed
      return filter;
    }),
  );
}

class Player {
  /** memory: {position, selection, loop, speed, filter, gain}; what outlives the panel. */
  constructor(samples, rate, memory, changed) {
    Object.assign(this, { samples, rate, memory, changed });
    this.seconds = samples.length / rate;
    this.source = null;
    this.turn = 0; // so that a start that was overtaken is not made
  }

  get playing() {
    return this.source !== null;
  }

  /** The audio context, begun with the first play, as browsers ask. */
  begin() {
    if (this.context) return;
    try {
      this.context = new AudioContext({ sampleRate: this.rate, latencyHint: "interactive" });
    } catch {
      this.context = new AudioContext(); // a browser that plays at its own rate only
    }
    this.buffer = this.context.createBuffer(1, this.samples.length, this.rate);
    const values = this.buffer.getChannelData(0);
    for (let i = 0; i < values.length; i++) values[i] = this.samples[i] / 32768;
    this.volume = this.context.createGain();
    this.volume.gain.value = 10 ** (this.memory.gain / 20);
    this.volume.connect(this.context.destination);
  }

  /** What is played: the selection, or all. */
  get stretch() {
    return this.memory.selection ?? [0, this.seconds];
  }

  async play(from = this.memory.position) {
    this.halt();
    const turn = ++this.turn;
    this.begin();
    await this.context.resume();
    if (turn !== this.turn || !this.context) return;
    const [start, end] = this.stretch;
    const offset = from >= start && from < end - 0.005 ? from : start;
    const source = this.context.createBufferSource();
    source.buffer = this.buffer;
    source.playbackRate.value = this.memory.speed;
    source.loop = this.memory.loop;
    [source.loopStart, source.loopEnd] = [start, end];
    source.onended = () => this.ended(source);
    this.source = source;
    this.route();
    const at = this.context.currentTime;
    if (source.loop) source.start(at, offset);
    else source.start(at, offset, end - offset);
    this.anchor = { at, offset };
    this.changed();
  }

  ended(source) {
    if (this.source !== source) return;
    this.source = null;
    this.memory.position = this.stretch[1];
    this.changed();
  }

  /** From source to ear, through the filter that is chosen. */
  route() {
    this.source.disconnect();
    this.filters = bandFilters(this.context, this.memory.filter, this.memory.speed);
    const chain = [this.source, ...this.filters, this.volume];
    for (let i = 1; i < chain.length; i++) chain[i - 1].connect(chain[i]);
  }

  /** Seconds of the recording at a time of the context's clock. */
  at(clock) {
    const { at, offset } = this.anchor;
    const [start, end] = this.stretch;
    const place = offset + Math.max(0, clock - at) * this.memory.speed;
    if (place < end) return place;
    return this.memory.loop ? start + ((place - start) % (end - start)) : end;
  }

  /** Seconds of the recording that are heard now: what is rendered is heard a latency later. */
  get position() {
    if (!this.source) return this.memory.position;
    const late = this.context.outputLatency || 0;
    return this.at(this.context.currentTime - late);
  }

  halt() {
    if (!this.source) return;
    this.memory.position = this.at(this.context.currentTime);
    this.source.onended = null;
    this.source.stop();
    this.source.disconnect();
    this.source = null;
  }

  pause() {
    this.turn++;
    if (this.source) this.memory.position = this.position; // as heard, not as rendered
    const { position } = this.memory;
    this.halt();
    this.memory.position = position;
    this.changed();
  }

  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  /** Go to a second; what plays goes on from there. A place outside of it ends the selection. */
  seek(position, play = this.playing) {
    const { memory } = this;
    const place = Math.min(this.seconds, Math.max(0, position));
    this.halt();
    if (memory.selection && (place < memory.selection[0] || place > memory.selection[1]))
      memory.selection = null;
    memory.position = place;
    if (play) return this.play(place);
    return this.changed();
  }

  /** Choose a stretch [from, to] in seconds, or none with null. */
  select(stretch) {
    const { playing } = this;
    this.halt();
    this.memory.selection = stretch;
    if (playing) return this.play();
    return this.changed();
  }

  setLoop(on) {
    const { playing } = this;
    this.halt();
    this.memory.loop = on;
    if (playing) this.play();
    this.changed();
  }

  setSpeed(speed) {
    if (this.source) {
      const at = this.context.currentTime;
      this.anchor = { at, offset: this.at(at) };
      this.source.playbackRate.value = speed;
    }
    this.memory.speed = speed;
    if (this.source) this.route();
    this.changed();
  }

  setFilter(name) {
    this.memory.filter = name;
    if (this.source) this.route();
    this.changed();
  }

  setGain(gain) {
    this.memory.gain = gain;
    this.volume?.gain.setTargetAtTime(10 ** (gain / 20), this.context.currentTime, 0.01);
    this.changed();
  }

  close() {
    this.turn++;
    this.halt();
    this.context?.close();
    this.context = this.buffer = this.samples = null;
  }
}
