// The tools, the corners and the legend around the film, in the reader's language.

import { digitsFor, rounded, signed } from "./greys.js";
import { listed } from "./keys.js";
import { shareAt } from "./map.js";
import { LEVELS } from "./payload.js";

export function label(root, { texts, windows, map, alt }, chosen) {
  for (const node of root.querySelectorAll("[data-text]"))
    node.textContent = texts[node.dataset.text] ?? "";
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", texts[node.dataset.label] ?? "");
    node.title = texts[node.dataset.label] ?? "";
  }
  root.querySelector("canvas").setAttribute("aria-label", alt);
  const select = root.querySelector('[data-act="preset"]');
  select.replaceChildren(
    ...windows.map((w, i) => new Option(w.name, String(i))),
    new Option(texts.by_hand, "hand"),
  );
  select.value = String(chosen);
  for (const node of root.querySelectorAll(".map")) node.hidden = !map;
  labelKeys(root.querySelector(".help dl"), texts);
  if (map) labelLegend(root.querySelector(".legend"), map, texts);
}

function labelKeys(list, texts) {
  const term = (name, words) =>
    Object.assign(document.createElement(name), { textContent: words });
  list.replaceChildren(
    ...listed().flatMap(([keys, act]) => [term("dt", keys), term("dd", texts[`key_${act}`] ?? "")]),
  );
}

function labelLegend(legend, map, texts) {
  const digits = digitsFor(map.scale);
  legend.querySelector(".low").textContent = `${signed(-map.scale, digits)} ${texts.lowers}`;
  legend.querySelector(".high").textContent = `${signed(map.scale, digits)} ${texts.raises}`;
  legend.querySelector(".unit").textContent = texts.unit;
  const rgb = (c) => `rgb(${c.join(",")})`;
  legend.querySelector(".ramp").style.background =
    `linear-gradient(90deg, ${rgb(map.lowers)}, #e8e8e8, ${rgb(map.raises)})`;
}

/** Level and width, view, zoom; and what is under the pointer, a film pixel or null. */
export function corners(root, { header, state, shares, levels, percent }, point) {
  const at = (corner) => root.querySelector(`.corners .${corner}`);
  const { texts, width, height, low, high, map } = header;
  at("level").textContent =
    `${texts.center_width} ${rounded(state.center)} / ${rounded(state.width)}`;
  at("view").textContent = header.view;
  at("zoom").textContent = `${Math.round(percent)} %`;
  let words = "";
  const [x, y] = point ? [Math.floor(point.x), Math.floor(point.y)] : [-1, -1];
  if (levels && x >= 0 && y >= 0 && x < width && y < height) {
    words = `${texts.value} ${rounded(low + (levels[y * width + x] / LEVELS) * (high - low))}`;
    if (map) {
      const share = shareAt(shares, map, header, { x, y });
      words += ` · ${texts.share} ${signed(share, digitsFor(map.scale) + 1)}`;
    }
  }
  at("pointer").textContent = words;
}
