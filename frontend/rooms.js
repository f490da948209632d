/* Which module serves which part of a page. A part names its module by attribute, `data-reader` or
   `data-room="reader"`; the module is fetched when the first such part appears and its `init(part)` is
   called once for each. What init returns, if anything, is called when the part has left the page. */
import htmx from "htmx.org";

/* One line a room: name: () => import("./name.js"). The module exports init(part). */
const rooms = {
  math: () => import("./math.js"),
  activities: () => import("./activities.js"),
  check: () => import("./check.js"),
  console: () => import("./console.js"),
  reader: () => import("./reader.js"),
  tutor: () => import("./tutor.js"),
  zone: () => import("./zone.js"),
  upload: () => import("./materials.js"),
};

const served = new Map();

function serve(part, name) {
  const key = `room:${name}`;
  if (part[key]) return;
  part[key] = true;
  rooms[name]().then((module) => part.isConnected && module.init(part)).then(
    (leave) => {
      part.dataset.live = "";
      if (typeof leave === "function") served.set(part, leave);
    },
    (error) => console.error(`room ${name}`, error),
  );
}

/** Bring the parts at and below `root` to life. htmx's own swaps come here by themselves. */
function enter(root) {
  for (const name of Object.keys(rooms)) {
    const selector = `[data-${name}], [data-room~="${name}"]`;
    if (root.matches?.(selector)) serve(root, name);
    for (const part of root.querySelectorAll?.(selector) ?? []) serve(part, name);
  }
}

function leave() {
  for (const [part, end] of served) {
    if (part.isConnected) continue;
    served.delete(part);
    end();
  }
}

/** For modules that put HTML into the page themselves: boosted links, forms and parts in it come to life. */
export function mount(element) {
  htmx.process(element);
}

export function start() {
  document.addEventListener("htmx:after:process", ({ target }) => enter(target));
  document.addEventListener("htmx:after:swap", leave);
}
