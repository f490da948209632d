/* The connection check's part in the browser: what this browser keeps in this place, and the whole page as text.
   Every outcome's words stand in the page; the one found is shown. */
import { platformStore, webStore } from "./stores.js";

const PROBE = "coursellm.check";

const holds = async (store) => {
  try {
    const value = crypto.randomUUID(), put = await store.put(PROBE, value), got = await store.get(PROBE);
    await store.remove(PROBE);
    return put && got === value;
  } catch { return false; }
};
const isOpen = async (store) => ((await holds(store)) ? "open" : "blocked");

function keepsCookie(name, more) {
  document.cookie = `${name}=1; Secure; SameSite=None; Path=/; Max-Age=60${more}`;
  const kept = document.cookie.split("; ").includes(`${name}=1`);
  document.cookie = `${name}=; Secure; SameSite=None; Path=/; Max-Age=0${more}`;
  return kept;
}

function cookies() {
  const open = keepsCookie("__Host-check", "");
  if (open) return window.top === window.self ? "first" : "third";
  return keepsCookie("__Host-check-part", "; Partitioned") ? "partitioned" : "blocked";
}

function frame(row) {
  if (window.top === window.self) return "window";
  const origin = location.ancestorOrigins?.[0];
  if (!origin) return "unnamed";
  row.querySelector("[data-origin]").textContent = origin;
  return "framed";
}

async function platform(targets, origin) {
  for (const target of targets) if (await holds(platformStore(origin, target))) return "open";
  return "blocked";
}

function show(row, outcome) {
  for (const part of row.querySelectorAll("[data-outcome]")) part.hidden = part.dataset.outcome !== outcome;
}

/** What is seen of the page, a line for each part: for a mail to whoever can help. */
function asText(room) {
  const words = (element) => element.innerText.replace(/\s+/g, " ").trim();
  const parts = [...room.querySelectorAll("h2, [data-finding], [data-facts] dt")].map((part) => {
    if (part.matches("h2")) return `\n${words(part)}`;
    if (part.matches("dt")) return `- ${words(part)}: ${words(part.nextElementSibling)}`;
    return `- ${words(part.querySelector("h3"))}: ${words(part.lastElementChild)}`;
  });
  return [`CourseLLM connection check, ${new Date().toISOString()}`, navigator.userAgent, ...parts].join("\n");
}

/* A frame may not be allowed to write to the clipboard: then the text stands there, selected. */
async function copy(room) {
  const text = asText(room), said = room.querySelector("[data-copied]"), field = room.querySelector("[data-copy-text]");
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied. It holds no names and no secrets.";
  } catch {
    Object.assign(field, { value: text, hidden: false });
    field.focus();
    field.select();
    said.textContent = "Your browser does not let CourseLLM copy: the text is selected below.";
  }
}

export function init(room) {
  const { origin, targets } = JSON.parse(room.dataset.storage || "{}");
  const checks = {
    frame, cookies,
    sessionStorage: () => isOpen(webStore("sessionStorage")),
    localStorage: () => isOpen(webStore("localStorage")),
    platform: () => platform(targets, origin),
  };
  for (const row of room.querySelectorAll("[data-browser-check]")) {
    Promise.resolve(checks[row.dataset.browserCheck](row)).then((outcome) => show(row, outcome));
  }
  room.querySelector("[data-copy-row]").hidden = false;
  room.querySelector("[data-copy]").addEventListener("click", () => copy(room));
}
