// A table of rows to open and to mark. Every word is set as text, never as HTML.

const make = (name, text = "", attributes = {}) => {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const named = (words, name) => words.replace("{name}", name);

function boxed(parent, kind, row, label, change) {
  const box = make("input", "", { type: "checkbox", "aria-label": label });
  box.checked = row.marked;
  box.addEventListener("change", change);
  const cell = make(kind, "", kind === "th" ? { class: "box", scope: "col" } : { class: "box" });
  cell.append(box);
  parent.append(cell);
  return box;
}

function table({ heads, rows, words, boxes }, open, mark) {
  const made = make("table");
  made.append(make("caption", words.caption));
  const head = made.createTHead().insertRow();
  const body = made.createTBody();
  const each = [];
  const tell = () => mark(rows.filter((_, at) => each[at].checked).map((row) => row.id));
  const all = boxes
    ? boxed(head, "th", { marked: rows.length > 0 && rows.every((r) => r.marked) }, words.mark_all, () => {
        for (const box of each) box.checked = all.checked;
        tell();
      })
    : null;
  for (const words of heads) head.append(make("th", words, { scope: "col" }));
  for (const row of rows) {
    const line = body.insertRow();
    const [first, ...rest] = row.cells;
    if (boxes)
      each.push(boxed(line, "td", row, named(words.mark, first.text), () => {
        all.checked = each.every((box) => box.checked);
        tell();
      }));
    const name = make("th", "", { scope: "row" });
    const button = make("button", first.text, { "aria-label": named(words.open, first.text) });
    name.append(button);
    line.append(name);
    for (const cell of rest) {
      const place = line.insertCell();
      place.append(cell.tone ? make("span", cell.text, { class: cell.tone }) : cell.text);
    }
    line.addEventListener("click", (event) => {
      if (!event.target.closest(".box")) open(row.id);
    });
  }
  return made;
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".listing");
  const now = JSON.stringify(data);
  if (root.dataset.shown === now) return;
  const kept = root.getRootNode().activeElement?.getAttribute?.("aria-label");
  root.dataset.shown = now;
  root.replaceChildren(
    table(data, (id) => setTriggerValue("open", id), (ids) => setStateValue("mark", ids)),
  );
  if (kept) root.querySelector(`[aria-label=${JSON.stringify(kept)}]`)?.focus();
}
