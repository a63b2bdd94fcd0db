// Viewers of one group share window, zoom, place, turns and inversion, so that two films are compared
// at one glance.

import { centred, fitted, toFilm } from "./transform.js";

const groups = (globalThis.mmbmLinks ??= new Map()); // by the group's name: a set of viewers

export function join(viewer, group) {
  leave(viewer);
  if (!group) return;
  viewer.group = groups.get(group) ?? new Set();
  groups.set(group, viewer.group);
  const [lead] = [...viewer.group].filter((other) => other.state);
  viewer.group.add(viewer);
  if (lead) follow(viewer, lead);
}

export function leave(viewer) {
  viewer.group?.delete(viewer);
  viewer.group = null;
}

/** The others do as this one. */
export function lead(viewer) {
  for (const other of viewer.group ?? [])
    if (other !== viewer && other.state) follow(other, viewer);
}

function follow(viewer, { state, header, stage }) {
  if (!stage.width || !viewer.stage.width) return;
  viewer.state.place = placedAs(viewer, { state, header, stage });
  viewer.state.touched = state.touched;
  viewer.state.invert = state.invert;
  Object.assign(viewer.state, windowAs(viewer.header, state, header));
  viewer.greys = null;
  viewer.press();
  viewer.draw();
}

/** The same part of the film at the same size against the whole, whatever the films' pixels. */
function placedAs({ header: own, stage: room }, { state: { place }, header, stage }) {
  const middle = toFilm(place, header, { x: stage.width / 2, y: stage.height / 2 });
  const point = {
    x: (middle.x / header.width) * own.width,
    y: (middle.y / header.height) * own.height,
  };
  const fit = fitted(place, own, room);
  const zoom = (fit.zoom * place.zoom) / fitted(place, header, stage).zoom;
  return centred({ ...fit, zoom }, own, room, point);
}

/** The same window on the same film; the same preset on another, or one as far from its first. */
function windowAs(own, { center, width, preset }, header) {
  if (own.picture_id === header.picture_id) return { center, width, preset };
  const same = own.windows[preset];
  if (same) return { center: same.center, width: same.width, preset };
  const [mine, first] = [own.windows[0], header.windows[0]];
  const by = mine.width / first.width;
  return {
    center: mine.center + (center - first.center) * by, width: width * by, preset: "hand",
  };
}
