/* The source panel: links marked `data-source` open in the page's #source beside what cites them. Without
   script, or on a page without the panel, they are links to the source's own page. */
import htmx from "htmx.org";
import { announce } from "./notices.js";

const WIDE = matchMedia("(min-width: 1100px)");
let opener = null;

const panel = () => document.getElementById("source");
const withoutHash = (address) => address.split("#")[0];

function follow(event) {
  const link = event.target.closest?.("a[data-source], a[data-source-close]");
  const aside = panel();
  if (!link || !aside || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  event.stopPropagation();
  if (link.hasAttribute("data-source-close")) return close();
  if (!aside.contains(link)) opener = link;
  htmx.ajax("GET", link.href, { source: link, target: aside, swap: "innerHTML show:none", push: "false", event });
}

function opened({ detail: { ctx } }) {
  const aside = panel();
  if (!aside || ctx.target !== aside) return;
  const first = !aside.classList.contains("is-open");
  aside.classList.add("is-open");
  aside.closest(".cl-spread")?.classList.add("has-source");
  markCurrent(withoutHash(new URL(ctx.request.action, location.href).href));
  cover();
  const heading = aside.querySelector("#source-h");
  if (first || !aside.contains(document.activeElement)) heading?.focus({ preventScroll: true });
  announce(aside.querySelector("[data-source-place]")?.textContent.trim() || "");
  showMark(aside);
}

/* Number and note of the open source are marked together; the panel marks its own links. */
function markCurrent(address) {
  for (const link of document.querySelectorAll("a[data-source]:not(#source a)")) {
    const isOpen = address !== null && withoutHash(link.href) === address;
    if (isOpen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.closest(".cl-side > li")?.classList.toggle("is-open", isOpen);
  }
}

/* Bring the first mark into view inside the panel; the page itself never moves. */
export function showMark(root) {
  const mark = root.querySelector("mark, .cl-reader-mark"), scroll = mark?.closest(".cl-source-scroll");
  if (!scroll) return;
  const top = mark.getBoundingClientRect().top - scroll.getBoundingClientRect().top;
  scroll.scrollTop += top - scroll.clientHeight / 3;
}

/* Where the panel fills the frame, what lies under it cannot be reached. */
function cover() {
  const aside = panel(), covers = Boolean(aside?.classList.contains("is-open")) && !WIDE.matches;
  for (const part of document.querySelectorAll("main, .cl-tabs, .cl-foot")) part.inert = covers && !part.contains(aside);
}

function close() {
  const aside = panel();
  aside.classList.remove("is-open");
  aside.closest(".cl-spread")?.classList.remove("has-source");
  cover();
  markCurrent(null);
  const back = opener?.isConnected ? opener : document.querySelector("main");
  back?.focus({ preventScroll: true });
  opener = null;
}

function escape(event) {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (panel()?.classList.contains("is-open") && panel().contains(document.activeElement)) close();
}

export function start() {
  document.addEventListener("click", follow, { capture: true });
  document.addEventListener("htmx:after:swap", opened);
  document.addEventListener("keydown", escape);
  WIDE.addEventListener("change", cover);
}
