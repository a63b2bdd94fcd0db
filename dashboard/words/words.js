// Streamlit's own words in the reader's language. React keeps the nodes and writes into them only
// what has changed, so each word is replaced once, and again when React writes it anew.

const ATTRIBUTES = ["aria-label", "aria-description", "title", "placeholder", "alt"];
const WATCHED = {
  subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
};
// What is not Streamlit's to say: HTML of ours, which shows patients' files; values; pictures.
const OURS = '[data-testid="stHtml"], [data-testid="stFileChipName"], svg, .js-plotly-plot';
const VALUES = "textarea, pre, code, script, style, [translate=no]";
// Markdown is ours too, but for the buttons, tips and dialogs of Streamlit's own.
const MARKDOWN = '[data-testid="stMarkdownContainer"]';
const OWN = 'button, a, [role="dialog"], [role="alert"], [role="tooltip"], [data-testid="stTooltipContent"]';

let exact = new Map();
let patterns = [];
const written = new WeakMap(); // by node, {part: [Streamlit's words, ours]}, to take them back

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function learn(words) {
  exact = new Map();
  patterns = [];
  for (const [theirs, ours] of Object.entries(words)) {
    if (!theirs.includes("{}")) exact.set(theirs, ours);
    else {
      const parts = theirs.split("{}").map(quoted);
      patterns.push([new RegExp(`^${parts.join("(.+?)")}$`, "s"), ours]);
    }
  }
}

/** Our words for Streamlit's; undefined for what is not in the table. */
function into(text) {
  const said = text.trim();
  if (said.length < 2 || !/[A-Za-z]/.test(said)) return undefined;
  const found = exact.get(said);
  if (found !== undefined) return text.replace(said, () => found);
  for (const [pattern, ours] of patterns) {
    const parts = pattern.exec(said);
    if (parts) return ours.replace(/\{\}/g, () => parts.splice(1, 1)[0]);
  }
  return undefined;
}

function keep(node, part, theirs, ours) {
  if (!written.has(node)) written.set(node, {});
  written.get(node)[part] = [theirs, ours];
}

function text(node) {
  const ours = into(node.data);
  if (ours === undefined) return;
  const around = node.parentElement;
  if (!around || around.closest(OURS) || around.closest(VALUES)) return;
  if (around.closest(MARKDOWN) && !around.closest(OWN)) return;
  keep(node, "text", node.data, ours);
  node.data = ours;
}

function attribute(element, name) {
  const value = element.getAttribute(name);
  const ours = value ? into(value) : undefined;
  if (ours === undefined || element.closest(OURS)) return;
  keep(element, name, value, ours);
  element.setAttribute(name, ours);
}

const WALKED = {
  acceptNode: (node) => (node.nodeType === Node.ELEMENT_NODE && node.matches(OURS)
    ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT),
};

/** Shows each text and each named attribute below a node to one of two functions. */
function each(root, onText, onAttribute) {
  if (root.nodeType === Node.TEXT_NODE) onText(root);
  if (root.nodeType !== Node.ELEMENT_NODE || root.closest(OURS)) return;
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, WALKED);
  for (let node = root; node; node = walk.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) onText(node);
    else for (const name of ATTRIBUTES) if (node.hasAttribute(name)) onAttribute(node, name);
  }
}

const observer = new MutationObserver((records) => {
  for (const { type, target, addedNodes, attributeName } of records) {
    if (type === "childList") for (const node of addedNodes) each(node, text, attribute);
    else if (type === "characterData") text(target);
    else attribute(target, attributeName);
  }
  observer.takeRecords(); // of what was written here
});

function takeBack() {
  const was = (node, part, now) => {
    const [theirs, ours] = written.get(node)?.[part] ?? [];
    return ours !== undefined && ours === now ? theirs : now;
  };
  each(
    document.body,
    (node) => {
      const theirs = was(node, "text", node.data);
      if (theirs !== node.data) node.data = theirs;
    },
    (node, name) => {
      const now = node.getAttribute(name);
      const theirs = was(node, name, now);
      if (theirs !== now) node.setAttribute(name, theirs);
    },
  );
}

let spoken = null;

function speak({ tag, words }) {
  document.documentElement.lang = tag;
  if (spoken === tag) return;
  observer.disconnect();
  if (spoken !== null) takeBack();
  spoken = tag;
  learn(words);
  if (!exact.size && !patterns.length) return;
  each(document.body, text, attribute);
  observer.observe(document.body, WATCHED);
}

export default function ({ data }) {
  if (data) speak(data);
}
