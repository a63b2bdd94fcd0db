// Dark where the reader chose nothing, else what the reader chose; the same on every page. Streamlit
// asks the browser which of the two it prefers and follows its changes: this is what it is told.
{
  const KEY = "theme";
  const ask = window.matchMedia.bind(window);
  const dark = new EventTarget(); // a MediaQueryList in all that Streamlit asks of one
  const show = () => {
    dark.matches = localStorage.getItem(KEY) !== "light";
    document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  };
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("stActiveTheme")) localStorage.removeItem(name); // another page's, here before
  }
  window.matchMedia = (query) => (query === "(prefers-color-scheme: dark)" ? dark : ask(query));
  const change = () => {
    show();
    dark.dispatchEvent(new Event("change"));
  };
  show();
  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.(".theme-switch")) return;
    localStorage.setItem(KEY, dark.matches ? "light" : "dark");
    change();
  });
  window.addEventListener("storage", ({ key }) => {
    if (key === KEY) change(); // chosen in another window
  });
}
