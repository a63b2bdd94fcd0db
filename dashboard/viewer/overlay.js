// An evidence map for a viewer elsewhere on the page, so that the film is not sent again with it.

const overlays = (globalThis.mmbmOverlays ??= new Map());

/** Payload: u32 header length, JSON header, f32 map (rows, cols). */
function unpack(bytes) {
  const copy = (from, length) => bytes.slice(from, from + length).buffer;
  const length = new DataView(copy(0, 4)).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const map = new Float32Array(copy(4 + length, header.map.rows * header.map.cols * 4));
  return { header, map };
}

export default function ({ data }) {
  if (!data || !data.length) return undefined;
  const overlay = unpack(data);
  const { name } = overlay.header;
  overlays.set(name, overlay);
  document.dispatchEvent(new CustomEvent("mmbm-overlay", { detail: name }));
  return () => {
    if (overlays.get(name) !== overlay) return;
    overlays.delete(name);
    document.dispatchEvent(new CustomEvent("mmbm-overlay", { detail: name }));
  };
}
