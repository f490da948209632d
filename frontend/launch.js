/* The two pages of an LTI launch (LTI 1.3 security, with browsers that refuse third-party cookies).
   The login page puts the browser's secret where this browser keeps things and goes on to the platform; the
   finish page shows the secret again, and the server compares. Without it a launch never goes on. */
import { cookie, platformStore, webStore } from "./stores.js";

const own = [cookie, webStore("sessionStorage"), webStore("localStorage")];
const platform = ({ storage }) => (storage?.targets ?? []).map((target) => platformStore(storage.origin, target));

/* A store that throws is a store that does not hold: browsers block storage in different ways. */
async function attempt(act) {
  try { return { value: await act(), state: "open" }; } catch { return { value: null, state: "blocked" }; }
}

const putAll = (stores, key, secret) => Promise.all(stores.map((store) => attempt(() => store.put(key, secret))));
const held = (results) => results.some(({ value }) => value === true);

/* Where a cookie stands the server's own stands too, and the platform has nothing to keep, and later to delete. */
async function login(values) {
  const { state, browser_secret: secret, authorization_url: next } = values, key = `lti.${state}`;
  const ours = await putAll(own, key, secret);
  const theirs = ours[0].value === true ? [] : await putAll(platform(values), key, secret);
  if (held([...ours, ...theirs])) location.replace(next);
  else stop();
}

async function finish(values) {
  const { state, handle, finish_url: address } = values, key = `lti.${state}`;
  let { secret, seen } = await look(values, key);
  if (!secret && await regain()) ({ secret, seen } = await look(values, key));
  const answer = await post(address, { handle, secret: secret || "", stores: seen });
  if (answer === null) return show("unreachable");
  if (secret) for (const store of [...own, ...platform(values)]) attempt(() => store.remove(key));
  if (!answer.url) return refuse(answer);
  if (!answer.token) return location.replace(answer.url);
  const event = new CustomEvent("coursellm:session", { detail: answer, cancelable: true });
  if (document.dispatchEvent(event)) show("incomplete");  // the page's own script has not come
}

/** The secret, from the first store that has it, and what each store said. The platform is asked last: it takes time. */
async function look(values, key) {
  const seen = {};
  for (const stores of [own, platform(values)]) {
    const results = await Promise.all(stores.map((store) => attempt(() => store.get(key))));
    results.forEach(({ value, state }, at) => { seen[stores[at].name] = value ? "found" : state === "blocked" ? "blocked" : "empty"; });
    const secret = results.find(({ value }) => value)?.value;
    if (secret) return { secret, seen };
  }
  return { secret: null, seen };
}

/** The server's answer as an object, `{}` for a refusal without one, null where no answer came. */
async function post(address, message) {
  try {
    const response = await fetch(address, {
      method: "POST", credentials: "same-origin", body: JSON.stringify(message),
      headers: { "Content-Type": "application/json", Accept: "application/json" },
    });
    const answer = await response.json().catch(() => ({}));
    return response.ok ? answer : { ...answer, url: null };
  } catch { return null; }
}

function refuse({ reference }) {
  const line = document.querySelector("[data-launch-reference]");
  if (reference && line) {
    line.querySelector("code").textContent = reference;
    line.hidden = false;
  }
  stop();
}

/* The last resort: the browser itself may give a frame its storage back, if the person clicks (Storage Access). */
async function isShutOut() {
  if (window.top === window.self || !document.requestStorageAccess) return false;
  const { value } = await attempt(() => document.hasStorageAccess());
  return value !== true;
}

/** Take up what the person allowed on the page before, without a click. */
async function regain() {
  if (!await isShutOut()) return false;
  const { value } = await attempt(() => navigator.permissions.query({ name: "storage-access" }));
  return value?.state === "granted" && (await attempt(() => document.requestStorageAccess())).state === "open";
}

async function stop() {
  for (const part of document.querySelectorAll("[data-launch-access]")) part.hidden = !await isShutOut();
  show("blocked");
}

async function allow() {
  const { state } = await attempt(() => document.requestStorageAccess());  // at once: the click counts for a moment
  if (state === "open") return again();
  for (const part of document.querySelectorAll("[data-launch-denied]")) part.hidden = false;
}

function again() { show("going"); run(); }

/** Show one part of the page, say it, and hide the rest. In a window of its own another advice applies. */
function show(part) {
  for (const section of document.querySelectorAll("main [data-launch]")) {
    const { launch, where } = section.dataset;
    section.hidden = launch !== part || (where === "frame" && window.top === window.self) || (where === "window" && window.top !== window.self);
  }
  const shown = document.querySelector(`main [data-launch="${part}"]:not([hidden]) h1`);
  if (shown) { document.title = shown.textContent; shown.tabIndex = -1; shown.focus(); }
}

function onClick(selector, act) {
  for (const button of document.querySelectorAll(selector)) button.addEventListener("click", act);
}

const data = document.getElementById("launch-data");
const values = data && JSON.parse(data.textContent);
const run = () => (values.handle ? finish(values) : login(values));
if (values) {
  onClick("[data-launch-again]", again);
  onClick("[data-launch-allow]", allow);
  onClick("[data-launch-window]", () => window.parent.postMessage(values.full_window, "*"));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
  else run();
}
