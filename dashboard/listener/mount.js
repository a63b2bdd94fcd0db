// Streamlit calls the default export with the recording, and again when another one comes. What the
// reader set by hand outlives the panel (a closed tab, another language), but not the case.

const mounts = new WeakMap();
const heard = (globalThis.mmbmHeard ??= { told: new Map(), memories: new Map() }); // see told.js
const TOLD = "mmbm-told"; // the event that something was told

/** Payload: u32 header length, JSON header, i16 samples. */
function unpack(bytes) {
  const copy = (from, to) => bytes.slice(from, to).buffer;
  const start = 4 + new DataView(copy(0, 4)).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  return { header, samples: new Int16Array(copy(start, bytes.length)) };
}

/** What was set by hand for this recording; of another one nothing is kept. */
function memoryOf(id) {
  if (!heard.memories.has(id)) {
    heard.memories.clear();
    heard.memories.set(id, {
      position: 0, selection: null, loop: false, speed: 1, filter: "none", gain: 0,
    });
  }
  return heard.memories.get(id);
}

export { Player, bandFilters, columnsOf, height };

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".listener");
  let mount = mounts.get(parentElement);
  if (!mount || mount.panel.root !== root) {
    mount?.close();
    const panel = new Panel(root);
    const tell = () => panel.tell(heard.told.get(panel.header?.name));
    document.addEventListener(TOLD, tell);
    const close = () => {
      document.removeEventListener(TOLD, tell);
      panel.close();
    };
    mount = { panel, tell, close };
    mounts.set(parentElement, mount);
  }
  if (data?.length) {
    const recording = unpack(data);
    const { recording_id } = recording.header;
    if (mount.panel.header?.recording_id !== recording_id)
      mount.panel.load(recording, memoryOf(recording_id));
    mount.tell();
  }
  return () => {
    mount.close();
    mounts.delete(parentElement);
  };
}
