// Frames of a longer file: the server sends the one that is asked for.

/** To another frame; steps that come faster than frames are summed. */
export function stepFrame(viewer, by) {
  const { frame, frames, series } = viewer.header;
  const now = viewer.wanted ?? frame;
  const next = Math.max(0, Math.min(frames - 1, now + by));
  if (!viewer.send || next === now) return;
  viewer.wanted = next;
  viewer.steps = (viewer.steps ?? 0) + 1;
  sayFrame(viewer);
  viewer.send("step", { epoch: series, frame: next, turn: viewer.steps });
}

export function sayFrame({ root, header: { frame, frames, texts }, wanted }) {
  root.querySelector(".frames").hidden = frames < 2;
  root.querySelector(".frame").textContent = `${texts.frame} ${(wanted ?? frame) + 1} / ${frames}`;
}
