/* A page of a PDF with its quoted sentences marked: whole in the source panel (data-mode="page", with a text
   layer to select and to be read aloud), or the part around the sentence in the evidence card ("crop").
     <div data-reader data-src="…/file" data-page="7" data-quotes='["…"]' data-mode="page" data-text-url="…"></div>
   Pictures are drawn as wide as their place; a place that is hidden waits until it is shown. */
import { joinLines, openDocument, pageText, rectangle, TextLayer } from "./pdf.js";
import { findQuotes } from "./quotes.js";
import { showMark } from "./source.js";

const MARK = "#ffe27a", MARK_ON_DARK = "#7a6200";   // on the page's own paper, in both themes
const CROP_RATIO = 268 / 444, CROP_ABOVE = 0.22, MARGIN = 12;
const MOST_PIXELS = 12e6;
const REDRAW_AT = 24;      // px; up to there the picture is stretched, so that a scrollbar's coming starts no chase

export function init(part) {
  const drawings = part.dataset.mode === "crop" ? drawCrop : drawPage;
  let width = 0, turn = 0, timer = null;
  const draw = async () => {
    const mine = (turn += 1);
    try {
      await drawings(part, width, () => mine === turn && part.isConnected);
      part.removeAttribute("aria-busy");
    } catch (error) {
      if (mine !== turn || !part.isConnected) return;
      console.warn("reader", error);
      explain(part, error);
    }
  };
  part.setAttribute("aria-busy", "true");
  const observer = new ResizeObserver(() => {
    const now = Math.floor(part.clientWidth);
    stretch(part, now);
    if (!now || Math.abs(now - width) < REDRAW_AT) return;
    const first = width === 0;
    width = now;
    clearTimeout(timer);
    timer = setTimeout(draw, first ? 0 : 150);
  });
  observer.observe(part);
  return () => { observer.disconnect(); clearTimeout(timer); turn += 1; };
}

/* The text layer follows the picture's width between two drawings. */
function stretch(part, width) {
  const layer = part.querySelector(".cl-textlayer");
  layer?.style.setProperty("--total-scale-factor", width / Number(layer.dataset.width));
}

async function load(part) {
  const file = await openDocument(part.dataset.src);
  const asked = Number(part.dataset.page) || 1, number = Math.min(Math.max(asked, 1), file.numPages);
  const page = await file.getPage(number);
  const { content, items } = await pageText(page);
  const ranges = findQuotes(items.map((item) => item.str), JSON.parse(part.dataset.quotes || "[]"));
  const bands = (viewport) => joinLines(ranges.map(({ piece, start, end }) =>
    rectangle(items[piece], start, end, content.styles, viewport)));
  return { page, content, items, bands, beyond: asked > file.numPages ? file.numPages : 0 };
}

/* A canvas with the page on it, the marks put on as by a marker pen: ink on a light page, light on a dark one. */
async function paint(page, viewport, density, size, bands) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(size.width * density);
  canvas.height = Math.round(size.height * density);
  canvas.className = "cl-page";
  await page.render({ canvas, viewport, transform: [density, 0, 0, density, 0, 0], background: "#fff" }).promise;
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  const areas = bands.map(({ left, top, right, bottom }) => [left - 2, top - 1, right - left + 4, bottom - top + 2]);
  for (const area of areas) {
    const dark = isDark(context, area.map((length) => Math.round(length * density)));
    context.globalCompositeOperation = dark ? "screen" : "multiply";
    context.fillStyle = dark ? MARK_ON_DARK : MARK;
    context.fillRect(...area);
  }
  return canvas;
}

/* Whether most of an area, in the canvas's own pixels, is dark: ink could not be seen there. */
function isDark(context, [left, top, width, height]) {
  const { data } = context.getImageData(left, top, Math.max(width, 1), Math.max(height, 1));
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) if (0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2] < 110) dark += 1;
  return dark > data.length / 8;
}

const density = (width, height) => Math.min(window.devicePixelRatio || 1, 2.5, Math.sqrt(MOST_PIXELS / (width * height)));

async function drawPage(part, width, current) {
  const { page, content, items, bands, beyond } = await load(part);
  const plain = page.getViewport({ scale: 1 });
  const viewport = page.getViewport({ scale: width / plain.width });
  const marks = bands(viewport);
  const canvas = await paint(page, viewport, density(viewport.width, viewport.height), viewport, marks);
  if (!current()) return;
  canvas.setAttribute("aria-hidden", "true");
  const layer = document.createElement("div");
  layer.className = "cl-textlayer";
  layer.dataset.width = plain.width;
  part.replaceChildren(canvas, layer, ...marks.slice(0, 1).map((mark) => anchor(mark, viewport)));
  stretch(part, part.clientWidth);
  await new TextLayer({ textContentSource: content, container: layer, viewport }).render();
  if (!items.some((item) => item.str.trim())) part.prepend(hint("This page is a picture without text."));
  if (beyond) part.prepend(hint(`There is no page ${part.dataset.page} in this file, which has ${beyond}. This is the last one.`));
  showMark(part);
}

/* Something at the first mark's height, for the panel to scroll to. */
function anchor({ top }, { height }) {
  const mark = document.createElement("span");
  mark.className = "cl-reader-mark";
  mark.style.insetBlockStart = `${(100 * top) / height}%`;
  return mark;
}

function hint(text) {
  const line = document.createElement("p");
  line.className = "cl-small cl-soft";
  line.textContent = text;
  return line;
}

async function drawCrop(part, width, current) {
  const { page, content, items, bands } = await load(part);
  const plain = page.getViewport({ scale: 1 });
  const area = cropArea(bands(plain), textBox(items, content.styles, plain), plain);
  const scale = width / area.width;
  const viewport = page.getViewport({ scale, offsetX: -area.left * scale, offsetY: -area.top * scale });
  const size = { width, height: Math.round(area.height * scale) };
  const canvas = await paint(page, viewport, density(size.width, size.height), size, bands(viewport));
  if (!current()) return;
  whiteEdges(canvas, size, items.filter((item) => item.str.trim())
    .map((item) => rectangle(item, 0, item.str.length, content.styles, viewport)));
  canvas.setAttribute("aria-hidden", "true");
  part.replaceChildren(canvas);
}

/* A line that the edge would cut through is left out. */
function whiteEdges(canvas, { width, height }, lines) {
  const context = canvas.getContext("2d"), low = height * 0.12;
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "#fff";
  for (const { top, bottom } of lines) {
    if (bottom - top > low) continue;
    if (top < 0 && bottom > 0) context.fillRect(0, 0, width, bottom);
    if (top < height && bottom > height) context.fillRect(0, top, width, height - top);
  }
}

/** The box round all text of the page: margins need not be shown. */
function textBox(items, styles, viewport) {
  const boxes = items.filter((item) => item.str.trim()).map((item) => rectangle(item, 0, item.str.length, styles, viewport));
  if (!boxes.length) return { left: 0, top: 0, right: viewport.width, bottom: viewport.height };
  const most = (pick, of) => Math[pick](...boxes.map((box) => box[of]));
  return { left: most("min", "left"), top: most("min", "top"), right: most("max", "right"), bottom: most("max", "bottom") };
}

/** Which part of the page to show: as wide as its text, in the card's shape, the marks near the top. */
export function cropArea(marks, text, page) {
  const left = Math.max(0, text.left - MARGIN), right = Math.min(page.width, text.right + MARGIN);
  const width = Math.max(right - left, page.width / 3), height = Math.min(width * CROP_RATIO, page.height);
  const first = marks.length ? Math.min(...marks.map((mark) => mark.top)) : text.top;
  const last = marks.length ? Math.max(...marks.map((mark) => mark.bottom)) : text.top;
  const room = height - (last - first);
  const wanted = first - (room > 0 ? Math.min(room / 2, Math.max(CROP_ABOVE * height, MARGIN)) : MARGIN);
  const lowest = Math.min(page.height, text.bottom + MARGIN) - height;
  return { left: Math.min(left, page.width - width), top: Math.max(0, Math.min(wanted, Math.max(lowest, 0))), width, height };
}

/* pdf.js tells an answer of the server by its status; 0 is none at all. */
function reason({ status, missing }) {
  if (missing || status === 404) return ": the file is missing, or it is not shown any more. Your teacher can tell.";
  if (status === 0) return ": the server could not be reached. Check your connection and open the page again.";
  return ".";
}

/* No picture: what it would have shown, in words, and the way to the text. */
function explain(part, error) {
  part.removeAttribute("aria-busy");
  part.classList.add("is-failed");
  const text = document.createElement("p");
  const quotes = JSON.parse(part.dataset.quotes || "[]");
  const isCrop = part.dataset.mode === "crop";
  text.textContent = isCrop && quotes.length
    ? `The picture of page ${part.dataset.page} could not be loaded. It says: “${quotes.join(" … ")}”`
    : `Page ${part.dataset.page} could not be shown as a picture${reason(error)}`;
  part.replaceChildren(text);
  if (isCrop || !part.dataset.textUrl) return;
  const link = document.createElement("a");
  link.href = part.dataset.textUrl;
  link.dataset.source = "";
  link.className = "btn btn-sm btn-quiet";
  link.textContent = "Read it as text";
  part.append(link);
}
