/* The hits of a list: the links in a part marked `data-hits` (an answer, the results of a search) that lead
   to a source, each place once. The panel goes through them with next and previous. */
import { icon } from "./notices.js";

let addresses = [], at = -1;

/** What an address shows, whether as a page or as text. */
export const place = (address) => {
  const url = new URL(address, location.href);
  url.searchParams.delete("view");
  return url.pathname + url.search;
};

/** Remember the list that `link` stands in; a link in no list ends it. */
export function enter(link) {
  const list = link.closest("[data-hits]");
  addresses = list ? [...new Set([...list.querySelectorAll("a[data-source]")].map((one) => place(one.href)))] : [];
  at = -1;
}

/** Put previous and next beside the steps of the panel that shows `address`; what to announce of it. */
export function show(steps, address) {
  const now = addresses.indexOf(place(address));
  if (now >= 0) at = now;
  if (addresses.length < 2 || at < 0) return "";
  const asText = new URL(address, location.href).searchParams.get("view") === "text";
  const words = `Hit ${at + 1} of ${addresses.length}`;
  const row = document.createElement("div");
  row.className = "cl-row";
  row.append(
    ...(at > 0 ? [step(at - 1, asText, "previous")] : []),
    now >= 0 ? said(words) : back(words, asText),
    ...(at < addresses.length - 1 ? [step(at + 1, asText, "next")] : []),
  );
  steps.append(row);
  return now >= 0 ? words : "";
}

/** The link to the hit before (-1) or after (1) the one that was open last. */
export const neighbour = (by) => document.getElementById(by < 0 ? "source-hit-previous" : "source-hit-next");

function link(index, asText) {
  const element = document.createElement("a"), url = new URL(addresses[index], location.href);
  if (asText) url.searchParams.set("view", "text");
  element.href = url.pathname + url.search;
  element.dataset.source = "";
  return element;
}

function step(index, asText, way) {
  const element = link(index, asText), isNext = way === "next";
  element.id = `source-hit-${way}`;
  element.className = "btn btn-sm btn-icon btn-quiet";
  element.setAttribute("aria-label", `${isNext ? "Next" : "Previous"} hit`);
  element.setAttribute("aria-keyshortcuts", isNext ? "N" : "P");
  element.title = isNext ? "Next hit (N)" : "Previous hit (P)";
  element.append(icon(way === "next" ? "next" : "prev", "cl-icon-dir"));
  return element;
}

function said(words) {
  const element = document.createElement("span");
  element.id = "source-hit";
  element.className = "cl-small cl-num";
  element.tabIndex = -1;
  element.textContent = words;
  return element;
}

/* The pages were turned meanwhile: the words lead back. */
function back(words, asText) {
  const element = link(at, asText);
  element.id = "source-hit";
  element.className = "cl-small cl-num";
  element.textContent = `Back to hit ${words.slice(4)}`;
  return element;
}
