// Streamlit calls the default export with the name of a recording, which recording.js has or will
// have. What the reader set by hand outlives the panel (a closed tab, another language), but not the
// case.

const mounts = new WeakMap();
const heard = (globalThis.mmbmHeard ??= {
  told: new Map(), memories: new Map(), recordings: new Map(),
}); // see told.js and recording.js
const TOLD = "mmbm-told"; // the event that something was told
const RECORDING = "mmbm-recording"; // the event that a recording has come

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
    const load = () => {
      const recording = heard.recordings.get(mount.recording_id);
      if (!recording || panel.header?.recording_id === mount.recording_id) return;
      panel.load(recording, memoryOf(mount.recording_id));
      tell();
    };
    document.addEventListener(TOLD, tell);
    document.addEventListener(RECORDING, load);
    const close = () => {
      document.removeEventListener(TOLD, tell);
      document.removeEventListener(RECORDING, load);
      panel.close();
    };
    mount = { panel, load, close };
    mounts.set(parentElement, mount);
  }
  mount.recording_id = data?.recording_id;
  mount.load();
  return () => {
    mount.close();
    mounts.delete(parentElement);
  };
}
