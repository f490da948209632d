/* Formulas in the parts marked `data-math`, set by KaTeX, which is fetched with its sheet when the first one is
   met. Our elements take the place of the formula's own text; what KaTeX cannot read stays as it was written.
   A part that is being written (data-math="live") is looked through again as it grows. */
import { findFormulas, mayHoldFormula } from "./formulas.js";

const UNTOUCHED = "code, pre, kbd, samp, tt, var, textarea, input, select, svg, math, script, style, [contenteditable], .cl-formula";
/* Here the text is something's name, and browsers leave MathML without a label out of names. */
const NAMING = "a, button, label, legend, summary, caption, figcaption, h1, h2, h3, h4, h5, h6";
const failed = new Set();
let tools = null;

export function init(part) {
  if (part.dataset.math !== "live") {
    typeset(part);
    return undefined;
  }
  let isDue = false;
  const look = () => { isDue = false; typeset(part); };
  const observer = new MutationObserver(() => {
    if (!isDue) requestAnimationFrame(look);
    isDue = true;
  });
  observer.observe(part, { childList: true, characterData: true, subtree: true });
  look();
  return () => observer.disconnect();
}

/** Set the finished formulas in `part`; resolves when they stand there. May be called again at any time. */
export async function typeset(part) {
  if (!mayHoldFormula(part.textContent) || !placesIn(part).length) return;
  let katex;
  try {
    katex = await (tools ??= load());
  } catch (error) {
    tools = null;  // the next part tries again; the sources stand there meanwhile
    return console.warn("math", error);
  }
  const set = placesIn(part).reverse().map((place) => put(katex, place)).filter(Boolean);
  set.forEach(fit);
  if (set.length) document.fonts.ready.then(() => set.forEach(fit));
}

async function load() {
  const [{ default: katex }] = await Promise.all([import("katex"), sheet()]);
  return katex;
}

function sheet() {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(MATH_SHEET, import.meta.url).href;
    link.onload = resolve;
    link.onerror = () => { link.remove(); reject(new Error("the sheet for formulas could not be fetched")); };
    document.head.append(link);
  });
}

/* Formulas with the range of each, in document order. Text and line breaks side by side are read as one. */
function placesIn(part) {
  const isGrowing = part.dataset.math === "live", places = [];
  for (const run of runsIn(part)) {
    const text = run.map(({ data }, index) => data ?? (run[index + 1]?.data?.startsWith("\n") ? " " : "\n")).join("");
    if (!mayHoldFormula(text)) continue;
    for (const formula of findFormulas(text, { isGrowing })) {
      if (!failed.has(formula.source)) places.push({ ...formula, range: rangeOf(run, formula) });
    }
  }
  return places;
}

function* runsIn(parent) {
  if (parent.matches(UNTOUCHED)) return;
  let run = [];
  for (const child of parent.childNodes) {
    if (child instanceof Text || child instanceof HTMLBRElement) {
      run.push(child);
      continue;
    }
    if (run.length) yield run;
    run = [];
    if (child instanceof Element) yield* runsIn(child);
  }
  if (run.length) yield run;
}

function rangeOf(run, { start, end }) {
  const range = document.createRange();
  let before = 0;
  for (const node of run) {
    const length = node.data?.length ?? 1;
    if (node.data !== undefined && start >= before && start < before + length) range.setStart(node, start - before);
    if (node.data !== undefined && end > before && end <= before + length) range.setEnd(node, end - before);
    before += length;
  }
  return range;
}

function put(katex, { source, isDisplay, range }) {
  const place = document.createElement("span");
  place.className = isDisplay ? "cl-formula cl-formula-block" : "cl-formula";
  place.dir = "ltr";
  try {
    katex.render(source, place, {
      displayMode: isDisplay, output: "htmlAndMathml", throwOnError: false, errorColor: "currentColor",
      trust: false, strict: false, maxExpand: 300, maxSize: 20, macros: {},
    });
  } catch (error) {
    console.warn("math", error);
  }
  if (!place.firstChild || place.querySelector(".katex-error")) {
    failed.add(source);
    return null;
  }
  if (range.startContainer.parentElement.closest(NAMING)) place.querySelector("math")?.setAttribute("aria-label", source);
  range.deleteContents();
  range.insertNode(place);
  if (isDisplay) endLine(place);
  return place;
}

/* The line break after a formula that is a line of its own would be an empty line. */
function endLine(place) {
  let next = place.nextSibling;
  while (next instanceof Text && !next.data.trim()) next = next.nextSibling;
  if (next instanceof HTMLBRElement) next.remove();
}

/* A formula that is wider than its place scrolls in it, by keyboard too; the page stays as wide as it is. */
function fit(place) {
  if (!place.isConnected) return;
  const isBlock = place.classList.contains("cl-formula-block"), room = blockOf(place).clientWidth;
  const isWide = isBlock ? place.scrollWidth > place.clientWidth
    : [...place.querySelectorAll(".katex-base")].some((base) => base.offsetWidth > room);
  place.classList.toggle("is-wide", isWide);
  if (isWide && !place.closest("a, button, label, summary")) place.tabIndex = 0;
}

function blockOf(element) {
  let block = element.parentElement;
  while (getComputedStyle(block).display === "inline") block = block.parentElement;
  return block;
}
