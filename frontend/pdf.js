/* pdf.js, set up for our policy: no eval, no WebAssembly, its own files from our origin, and only those
   parts of a file fetched that the page shown needs. A document stays open, so that the next page is quick. */
import * as pdfjs from "pdfjs-dist/legacy/build/pdf.mjs";
import { credentialHeaders } from "./net.js";

const OPEN_DOCUMENTS = 4, IDLE_MS = 60_000;
const files = new URL(`pdfjs-${PDFJS_VERSION}/`, import.meta.url).href;
const open = new Map();
pdfjs.GlobalWorkerOptions.workerSrc = `${files}pdf.worker.js`;

/** The document at `address`, opened once and kept for the next page. */
export function openDocument(address) {
  const url = new URL(address, location.href).href;
  const entry = open.get(url) ?? { task: begin(url) };
  entry.used = Date.now();
  open.delete(url);
  open.set(url, entry);
  entry.task.promise.catch(() => open.delete(url));
  closeIdle();
  return entry.task.promise;
}

function begin(url) {
  return pdfjs.getDocument({
    url,
    httpHeaders: credentialHeaders(url),
    rangeChunkSize: 2 ** 17, disableAutoFetch: true, disableStream: true,
    cMapUrl: `${files}cmaps/`, standardFontDataUrl: `${files}standard_fonts/`, iccUrl: `${files}iccs/`,
    wasmUrl: `${files}wasm/`, useWasm: false,
    disableWorkerRendering: true, isEvalSupported: false, enableXfa: false,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
  });
}

/* The oldest documents go when there are many, but never one that may be being drawn. */
function closeIdle() {
  for (const [url, { task, used }] of [...open].slice(0, -OPEN_DOCUMENTS)) {
    if (Date.now() - used < IDLE_MS) return;
    open.delete(url);
    task.destroy();
  }
}

/** The page's text items with their geometry: [{text, corners}] and the whole content for a text layer. */
export async function pageText(page) {
  const content = await page.getTextContent({ includeMarkedContent: false });
  const items = content.items.filter((item) => item.str !== undefined);
  return { content, items };
}

const ruler = document.createElement("canvas").getContext("2d");

/**
 * The rectangle of a piece of an item, in viewport units: {left, top, right, bottom}. Within an item the
 * widths of its letters are those of a font of the same kind, scaled to the item's width.
 */
export function rectangle(item, start, end, styles, viewport) {
  const style = styles[item.fontName] ?? {};
  const [a, b, c, d, e, f] = item.transform;
  const size = Math.hypot(c, d) || item.height || 1;
  const along = Math.hypot(a, b) || 1, ux = a / along, uy = b / along;
  const ascent = clamp(style.ascent, 0.6, 1, 0.85) * size, descent = clamp(style.descent, -0.4, -0.15, -0.22) * size;
  ruler.font = `100px ${style.fontFamily || "serif"}`;
  const width = (text) => ruler.measureText(text).width;
  const scale = item.width / (width(item.str) || 1);
  const from = width(item.str.slice(0, start)) * scale, to = width(item.str.slice(0, end)) * scale;
  const corners = [from, to].flatMap((x) => [ascent, descent].map((y) =>
    viewport.convertToViewportPoint(e + ux * x - uy * y, f + uy * x + ux * y)));
  const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function clamp(value, low, high, otherwise) {
  return Number.isFinite(value) && value !== 0 ? Math.min(high, Math.max(low, value)) : otherwise;
}

/** Rectangles of one line as one band. */
export function joinLines(rectangles) {
  const bands = [];
  for (const next of rectangles) {
    const last = bands.at(-1), height = next.bottom - next.top;
    const sameLine = last && Math.abs((last.top + last.bottom) / 2 - (next.top + next.bottom) / 2) < height / 3;
    if (sameLine && next.left - last.right < 1.5 * height && next.right > last.left) {
      last.left = Math.min(last.left, next.left); last.right = Math.max(last.right, next.right);
      last.top = Math.min(last.top, next.top); last.bottom = Math.max(last.bottom, next.bottom);
    } else bands.push({ ...next });
  }
  return bands;
}

export const { TextLayer } = pdfjs;
