// What the server sends: a header, a packed film, its curve, a map.

export const LEVELS = 65535;
// Films by picture, so that a second viewer of the same picture is sent no pixels.
const films = (globalThis.mmbmFilms ??= new Map());
const FILM = "mmbm-film"; // the event that one has come

/** u32 header length, JSON header, film, u8 curve, f32 map (rows, cols). */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const next = (size) => bytes.slice(at, (at += size));
  const content = next(header.film_bytes);
  const curve = header.curve_bytes ? next(header.curve_bytes) : null;
  const { map } = header;
  const shares = map ? new Float32Array(next(map.rows * map.cols * 4).buffer) : null;
  return { header, content, curve, map: shares };
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Low bytes, then high bytes, of folded differences between rows -> levels (height, width). */
export function unfold(planes, width, height) {
  const count = width * height;
  const levels = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const folded = planes[i] | (planes[count + i] << 8);
    const above = i < width ? 0 : levels[i - width];
    levels[i] = above + ((folded >> 1) ^ -(folded & 1));
  }
  return levels;
}

/** Promise of {levels, curve}, which a viewer with the pixels keeps for those that borrow them. */
export function filmOf({ header, content, curve }) {
  const id = header.picture_id;
  if (!header.borrowed) {
    const { width, height } = header;
    const kept = films.get(id) ?? { holders: 0 };
    kept.promise ??= inflate(content).then((p) => ({ levels: unfold(p, width, height), curve }));
    kept.holders += 1;
    films.set(id, kept);
    document.dispatchEvent(new CustomEvent(FILM, { detail: id }));
  }
  if (films.has(id)) return films.get(id).promise;
  return new Promise((done) => {
    const look = (event) => {
      if (event.detail !== id) return;
      document.removeEventListener(FILM, look);
      done(films.get(id).promise);
    };
    document.addEventListener(FILM, look);
  });
}

/** One viewer that had the pixels no longer shows them. */
export function letGo({ picture_id: id, borrowed }) {
  const kept = films.get(id);
  if (borrowed || !kept) return;
  kept.holders -= 1;
  if (!kept.holders) films.delete(id);
}
