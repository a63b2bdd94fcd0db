// What is said of a recording: the shares of the chosen finding, its strongest moments, all words.
// The panel shows it; another finding or language sends this alone. It stays while the case does,
// so the panel's memory is kept as long, and dropped with it.

const heard = (globalThis.mmbmHeard ??= {
  told: new Map(), memories: new Map(), recordings: new Map(),
});

export default function ({ data }) {
  if (!data?.name) return undefined;
  heard.told.set(data.name, data);
  document.dispatchEvent(new CustomEvent("mmbm-told", { detail: data.name }));
  return () => {
    if (heard.told.get(data.name)?.recording_id !== data.recording_id) return;
    heard.told.delete(data.name);
    heard.memories.clear();
  };
}
