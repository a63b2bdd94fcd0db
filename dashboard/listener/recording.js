// A recording for the panel elsewhere on the page. It stays while the case does, so that a tab that
// is closed and opened again is sent its name alone.

const heard = (globalThis.mmbmHeard ??= {
  told: new Map(), memories: new Map(), recordings: new Map(),
});

/** Payload: u32 header length, JSON header, i16 samples. */
function unpack(bytes) {
  const copy = (from, to) => bytes.slice(from, to).buffer;
  const start = 4 + new DataView(copy(0, 4)).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  return { header, samples: new Int16Array(copy(start, bytes.length)) };
}

export default function ({ data }) {
  if (!data?.length) return undefined;
  const recording = unpack(data);
  const { recording_id } = recording.header;
  heard.recordings.clear(); // of an earlier case
  heard.recordings.set(recording_id, recording);
  document.dispatchEvent(new CustomEvent("mmbm-recording"));
  return () => {
    if (heard.recordings.get(recording_id) === recording) heard.recordings.delete(recording_id);
  };
}
