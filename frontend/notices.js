/* What the page says by itself: a failed request with its one action, a slow one, and announcements. */

const waits = document.createElement("div");
const spoken = document.createElement("p");
const shown = new WeakMap();
let pending = 0, timer = null;

function build() {
  waits.className = "cl-wait";
  waits.hidden = true;
  waits.innerHTML = '<progress aria-label="Loading"></progress><p aria-hidden="true">Loading</p>';
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  document.documentElement.append(waits, spoken);  // outside <body>, which is replaced
}

/** Let a screen reader hear `text` without moving the focus. */
export function announce(text) {
  spoken.textContent = "";
  setTimeout(() => { spoken.textContent = text; }, 50);
}

/** A request has begun; the returned function says that it has ended. After a second the page shows it. */
export function waiting() {
  pending += 1;
  timer ??= setTimeout(() => { waits.hidden = false; announce("Loading."); }, 1000);
  return () => {
    pending -= 1;
    if (pending > 0) return;
    clearTimeout(timer);
    timer = null;
    waits.hidden = true;
  };
}

/** A notice of what is well as it is. */
export function calmNotice(sentence) {
  const notice = document.createElement("div"), text = document.createElement("p");
  notice.className = "cl-notice";
  text.textContent = sentence;
  notice.append(icon("info"), text);
  return notice;
}

/** An error notice: sentence, reference, one action. */
export function errorNotice(sentence, { reference, action = "Try again", act } = {}) {
  const notice = document.createElement("div");
  notice.className = "cl-notice cl-error";
  notice.setAttribute("role", "alert");
  const body = document.createElement("div");
  const text = document.createElement("p");
  text.textContent = reference ? `${sentence} Reference: ${reference}.` : sentence;
  body.append(text);
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-quiet mt-2";
    button.textContent = action;
    button.addEventListener("click", () => { notice.remove(); act(); });
    body.append(button);
  }
  notice.append(icon("alert"), body);
  return notice;
}

/** An icon of the set, hidden from screen readers. */
export function icon(name, ...classes) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS(svg.namespaceURI, "use");
  svg.classList.add("cl-icon", ...classes);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", new URL("icons.svg", import.meta.url) + `#i-${name}`);
  svg.append(use);
  return svg;
}

/* Where a block may stand: never inside a list, a table, a paragraph, a row of buttons or the tabs. */
const NO_PLACE = "ul,ol,dl,table,thead,tbody,tr,p,span,a,label,select,nav,.cl-row,.cl-next,.cl-notice,.act";

/** Show `notice` in place, after what was pressed; at the top of the page where that is gone. */
export function showAt(source, notice) {
  settle(source);
  shown.set(source, notice);
  let place = source.closest("details:not([open])") ?? source;
  while (place.parentElement?.closest("main, #source") && place.parentElement.matches(NO_PLACE)) place = place.parentElement;
  const main = place.closest("main, #source") || document.querySelector("main") || document.body;
  if (place !== main && main.contains(place)) place.after(notice);
  else main.prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

/** Take away the notice that an earlier failure of `source` left. */
export function settle(source) {
  shown.get(source)?.remove();
  shown.delete(source);
}

build();
