/* Text size and theme, set on <html> before the first paint. Storage may be absent or throw: then
   the choice lasts as long as the page. The menu itself is in base.html; main.js wires it. */
(() => {
  const root = document.documentElement;
  const stores = [() => window.localStorage, () => window.sessionStorage];

  function read(name) {
    for (const store of stores) {
      try { const value = store().getItem("display." + name); if (value) return value; } catch { /* blocked */ }
    }
    return null;
  }

  function write(name, value) {
    for (const store of stores) {
      try { store().setItem("display." + name, value); } catch { /* blocked */ }
    }
  }

  function show(name, value) {
    root.dataset[name] = value;
    if (name !== "theme") return;
    if (value === "light" || value === "dark") root.dataset.bsTheme = value;
    else delete root.dataset.bsTheme;
  }

  show("theme", read("theme") || root.dataset.theme || "auto");
  show("text", read("text") || root.dataset.text || "normal");
  window.displaySettings = {
    get: (name) => root.dataset[name],
    set(name, value) { show(name, value); write(name, value); },
  };
})();
