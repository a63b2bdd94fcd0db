// Which side of the patient lies at which edge of the stage.

import { matrix } from "./transform.js";

const OPPOSITE = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H", "": "" };

/** Letters at the edges; orientation says where the film's rows and columns run, or is blank. */
export function edges([row, column], place) {
  const [a, b, c, d] = matrix({ ...place, zoom: 1 }, { width: 0, height: 0 });
  const towards = (x, y) => {
    if (x) return x > 0 ? row : OPPOSITE[row];
    return y > 0 ? column : OPPOSITE[column];
  };
  return {
    right: towards(a, c), left: towards(-a, -c), bottom: towards(b, d), top: towards(-b, -d),
  };
}
