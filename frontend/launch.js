/* The two pages of an LTI launch (LTI 1.3 security, with browsers that refuse third-party cookies).
   The login page puts the browser's secret where this browser keeps things and goes on to the platform; the
   finish page shows the secret again, and the server compares. Without it a launch never goes on. */

/* Where a secret can stand. put() says whether it held; get() gives it back or null. A store may answer
   later (return a promise). The server sets a cookie of its own, out of script's reach, and never comes here when
   that one holds; ours is for a browser that keeps partitioned cookies but blocks storage in a frame. */
const stores = [cookieStore(), webStore("sessionStorage"), webStore("localStorage")];

function webStore(name) {
  return {
    name,
    put(key, secret) { window[name].setItem(key, secret); return window[name].getItem(key) === secret; },
    get: (key) => window[name].getItem(key),
    remove(key) { window[name].removeItem(key); },
  };
}

function cookieStore() {
  const name = (key) => `__Host-page.${key.slice(0, 24)}`;
  const write = (key, value, seconds) => {
    document.cookie = `${name(key)}=${value}; Secure; SameSite=None; Partitioned; Path=/; Max-Age=${seconds}`;
  };
  const read = (key) => document.cookie.split("; ").find((pair) => pair.startsWith(`${name(key)}=`))?.slice(name(key).length + 1) ?? null;
  return {
    name: "cookie",
    put(key, secret) { write(key, encodeURIComponent(secret), 600); return this.get(key) === secret; },
    get: (key) => { const value = read(key); return value && decodeURIComponent(value); },
    remove: (key) => write(key, "", 0),
  };
}

/* A store that throws is a store that does not hold: browsers block storage in different ways. */
async function attempt(act) {
  try { return { value: await act(), state: "open" }; } catch { return { value: null, state: "blocked" }; }
}

async function login({ state, browser_secret: secret, authorization_url: next }) {
  const results = await Promise.all(stores.map((store) => attempt(() => store.put(`lti.${state}`, secret))));
  if (results.some(({ value }) => value === true)) location.replace(next);
  else show("blocked");
}

async function finish({ state, handle, finish_url: address }) {
  const key = `lti.${state}`, seen = {};
  let secret = null;
  for (const store of stores) {
    const { value, state: how } = await attempt(() => store.get(key));
    seen[store.name] = value ? "found" : how === "blocked" ? "blocked" : "empty";
    secret ||= value;
  }
  const answer = await post(address, { handle, secret: secret || "", stores: seen });
  if (answer === null) return show("unreachable");
  for (const store of stores) await attempt(() => store.remove(key));
  if (!answer.url) return refuse(answer);
  if (!answer.token) return location.replace(answer.url);
  const event = new CustomEvent("coursellm:session", { detail: answer, cancelable: true });
  if (document.dispatchEvent(event)) show("incomplete");  // the page's own script has not come
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
  show("blocked");
}

/** Show one part of the page, say it, and hide the rest. In a window of its own another advice applies. */
function show(part) {
  for (const section of document.querySelectorAll("main [data-launch]")) {
    const { launch, where } = section.dataset;
    section.hidden = launch !== part || (where === "frame" && window.top === window.self) || (where === "window" && window.top !== window.self);
  }
  const shown = document.querySelector(`main [data-launch="${part}"]:not([hidden]) h1`);
  if (shown) { document.title = shown.textContent; shown.tabIndex = -1; shown.focus(); }
}

const data = document.getElementById("launch-data");
if (data) {
  const values = JSON.parse(data.textContent);
  const run = () => (values.handle ? finish(values) : login(values));
  for (const button of document.querySelectorAll("[data-launch-again]")) button.addEventListener("click", () => { show("going"); run(); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
  else run();
}
