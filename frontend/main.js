/* The page's script: htmx with our rules, the shell for sessions without cookies, and the rooms' modules,
   which are fetched when a page needs them. */
import * as dialogs from "./dialogs.js";
import * as requests from "./requests.js";
import * as rooms from "./rooms.js";
import * as shell from "./shell.js";
import * as source from "./source.js";

/* The "Aa" menu; display.js has put the choice on <html> before the first paint. */
function wireDisplay({ target }) {
  const menu = target.querySelector?.("[data-display]");
  if (!menu || !window.displaySettings) return;
  for (const box of menu.elements) if (box.type === "radio") box.checked = window.displaySettings.get(box.name) === box.value;
  menu.addEventListener("change", (event) => window.displaySettings.set(event.target.name, event.target.value));
  menu.addEventListener("submit", (event) => event.preventDefault());
}

document.addEventListener("htmx:after:process", wireDisplay);
rooms.start();
requests.start();
dialogs.start();
source.start();
shell.start();
