/* The source panel: links marked `data-source` open in the page's #source beside what cites them. Without
   script, or on a page without the panel, they are links to the source's own page. */
import htmx from "htmx.org";
import * as hits from "./hits.js";
import { announce } from "./notices.js";

const WIDE = matchMedia("(min-width: 1100px)");
let opener = null, pressed = "";
let entered = false, leaving = false, ours = false;  // the history's entry of a panel that fills the frame

const panel = () => document.getElementById("source");
const isOpen = () => Boolean(panel()?.classList.contains("is-open"));
const covers = () => isOpen() && !WIDE.matches;

function follow(event) {
  const link = event.target.closest?.("a[data-source], a[data-source-close]");
  const aside = panel();
  if (!link || !aside || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  event.stopPropagation();
  if (link.hasAttribute("data-source-close")) return close();
  open(link, event);
}

function open(link, event) {
  const aside = panel();
  pressed = aside.contains(link) ? link.id : "";
  if (!aside.contains(link)) {
    opener = link;
    hits.enter(link);
  }
  htmx.ajax("GET", link.href, { source: link, target: aside, swap: "innerHTML show:none", push: "false", event });
}

function opened({ detail: { ctx } }) {
  const aside = panel();
  if (!aside || ctx.target !== aside) return;
  const first = !isOpen(), address = new URL(ctx.request.action, location.href).href;
  aside.classList.add("is-open");
  aside.closest(".cl-spread")?.classList.add("has-source");
  markCurrent(address);
  cover();
  if (first && covers()) enterHistory();
  const hit = hits.show(aside.querySelector(".cl-source-steps"), address);
  if (first || !aside.contains(document.activeElement)) focusIn(aside);
  const place = aside.querySelector("[data-source-place]")?.textContent.trim() || "";
  const title = hit ? `${hit}: ${aside.querySelector("#source-h").textContent.trim()}, ` : "";
  announce(title + place);
  showMark(aside);
}

/* What was pressed keeps the focus where it is there again; at the last hit the words beside it get it. */
function focusIn(aside) {
  const again = pressed && document.getElementById(pressed);
  const beside = pressed.startsWith("source-hit") && aside.querySelector("#source-hit");
  (again || beside || aside.querySelector("#source-h"))?.focus({ preventScroll: true });
}

/* Number and note of the open source, or its hit, are marked together; the panel marks its own links. */
function markCurrent(address) {
  const open = address === null ? null : hits.place(address);
  for (const row of document.querySelectorAll(".cl-side > li, .cl-hit")) row.classList.remove("is-open");
  for (const link of document.querySelectorAll("a[data-source]:not(#source a)")) {
    const isOpened = hits.place(link.href) === open;
    if (isOpened) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (isOpened) link.closest(".cl-side > li, .cl-hit")?.classList.add("is-open");
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
  const aside = panel(), isCovered = covers();
  for (const part of document.querySelectorAll("main, .cl-tabs, .cl-foot")) part.inert = isCovered && !part.contains(aside);
}

/* A step in the history takes the focus away from what had it before: then it is given back on the step. */
function close() {
  leaving = entered;
  hide();
  if (leaving) history.back();
  else focusBack();
}

function hide() {
  const aside = panel();
  entered = false;
  aside.classList.remove("is-open");
  aside.closest(".cl-spread")?.classList.remove("has-source");
  cover();
  markCurrent(null);
}

function focusBack() {
  const back = opener?.isConnected ? opener : document.querySelector("main");
  back?.focus({ preventScroll: true });
}

/* A panel that fills the frame is like a page: Back closes it. Its entry has the page's own address, so that
   a reload of either shows the page; htmx' mark keeps the entry htmx' own. */
function enterHistory() {
  entered = true;
  history.pushState({ htmx: true, source: true }, "", location.href);
}

/* Whether a step in the history was ours: it left the panel's entry. */
function stepped() {
  if (!leaving && !(entered && isOpen())) return false;
  if (!leaving) hide();
  leaving = false;
  focusBack();
  return true;
}

/* The page is there as it was: htmx must not fetch it anew. It hears of a step by another event than we. */
function keepPage(event) {
  if (!ours && !stepped()) return;
  ours = false;
  event.preventDefault();
}

function key(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!isOpen() || !panel().contains(document.activeElement)) return;
  const by = { n: 1, p: -1 }[event.key.toLowerCase()];
  if (event.key === "Escape") close();
  else if (by) hits.neighbour(by)?.click();
}

export function start() {
  document.addEventListener("click", follow, { capture: true });
  document.addEventListener("htmx:after:swap", opened);
  document.addEventListener("keydown", key);
  document.addEventListener("htmx:before:history:restore", keepPage);
  window.addEventListener("popstate", () => { ours = stepped(); });
  WIDE.addEventListener("change", cover);
}
