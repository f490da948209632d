/* The rules for htmx: credential on every request, what is swapped in, which addresses enter the history,
   where the focus goes, and that no failure is silent. */
import htmx from "htmx.org";
import { credentialHeaders, explain, sentences } from "./net.js";
import { announce, errorNotice, settle, showAt, waiting } from "./notices.js";

/** Options of htmx.ajax() for a change of page that no link or form began. */
export const wholePage = { target: "body", swap: "outerSync", headers: { "HX-Boosted": "true" } };

const ended = new WeakMap();
const isPage = (ctx) => ctx.target === document.body;
const isPolling = (ctx) => ctx.sourceEvent?.type === "every";

function prepare({ detail: { ctx } }) {
  Object.assign(ctx.request.headers, credentialHeaders(ctx.request.action, ctx.request.method));
  if (ctx.request.form?.enctype === "multipart/form-data") ctx.request.timeout = 0;  // an upload takes its time
}

function begin({ detail: { ctx } }) {
  if (!isPolling(ctx)) ended.set(ctx, waiting());
}

function end({ detail: { ctx } }) {
  ended.get(ctx)?.();
  ended.delete(ctx);
}

/* A page is swapped in whatever its status. A part is swapped in when it is good or a form with its
   errors (422); any other failure leaves the page alone and becomes a notice. */
function judge(event) {
  const { ctx, tasks } = event.detail;
  const { status, raw } = ctx.response ?? {};
  const retargeted = ctx.hx?.retarget || ctx.hx?.reswap;
  if (status >= 400 && status !== 422 && !isPage(ctx) && !retargeted) {
    event.preventDefault();
    const { sentence, reference } = explain(ctx.text, raw.headers.get("Content-Type") || "");
    return fail(ctx, sentence, reference);
  }
  settle(ctx.sourceElement);
  if (!isPage(ctx)) return;
  chooseHistory(ctx, status, raw);
  adoptHead(ctx.text);
  for (const { type, fragment, swapSpec } of tasks) {
    if (type === "main") swapSpec.style = fragment.querySelector("body") ? "outerSync" : "innerHTML";
  }
}

/* Only addresses that can be asked for again: no failures, no answers to a form that did not redirect. */
function chooseHistory(ctx, status, raw) {
  if (status >= 400 || (ctx.request.method !== "GET" && !raw?.redirected)) ctx.push = ctx.replace = "false";
  else if (raw?.redirected && raw.url === location.href) Object.assign(ctx, { push: "false", replace: "true" });
}

/* htmx swaps the body; language, direction, sheet and anti-CSRF token stand outside of it. */
function adoptHead(text) {
  const page = new DOMParser().parseFromString(text.slice(0, Math.max(text.search(/<body[\s>]/i), 0)), "text/html");
  if (!page.querySelector("title")) return;
  const root = document.documentElement;
  root.lang = page.documentElement.lang || root.lang;
  root.dir = page.documentElement.dir || root.dir;
  for (const [selector, attribute] of [['link[rel="stylesheet"]', "href"], ['meta[name="csrf-token"]', "content"]]) {
    const fresh = page.querySelector(selector), old = document.querySelector(`head ${selector}`);
    if (!fresh) continue;
    if (!old) document.head.append(fresh);
    else if (old.getAttribute(attribute) !== fresh.getAttribute(attribute)) old.setAttribute(attribute, fresh.getAttribute(attribute));
  }
}

/* What came of a part that was asked for is heard, where the part says what to hear (its text, or other words that it
   has for it, and while these are empty nothing); of one that asks by itself, once. */
function say({ detail: { ctx } }) {
  if (isPage(ctx) || !ctx.target?.querySelector) return;
  const now = isPolling(ctx) ? saying(document.getElementById(ctx.target.id)) : saying(ctx.target);
  if (now && !(isPolling(ctx) && now === saying(ctx.target))) announce(now);
}

function saying(part) {
  const told = part?.matches("[data-announce]") ? part : part?.querySelector("[data-announce]");
  return told?.dataset.words ?? told?.textContent.trim();
}

/* After a change of page a reader begins at its heading, as after a real one, or where the page says; after a refused
   form at its first error. htmx focuses what the page names, and does not bring it into view. */
function focus({ detail: { ctx } }) {
  const invalid = (isPage(ctx) ? document : ctx.target)?.querySelector?.('[aria-invalid="true"]');
  if (invalid && ctx.response?.status === 422) return invalid.focus();
  if (isPage(ctx)) document.querySelector("main [autofocus]")?.scrollIntoView({ block: "nearest" });
  if (!isPage(ctx) || (document.activeElement && document.activeElement !== document.body)) return;
  const heading = document.querySelector("main h1") || document.querySelector("main");
  if (!heading) return announce(document.title);
  if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function broken({ detail: { ctx, error } }) {
  if (!ctx) return;
  if (ctx.response?.status >= 200 && ctx.response.status < 300) console.error(error);
  fail(ctx, ctx.response ? sentences.FAILED : sentences.UNREACHABLE);
}

function fail(ctx, sentence, reference) {
  const source = ctx.sourceElement?.isConnected ? ctx.sourceElement : document.body;
  const isFinal = [401, 404].includes(ctx.response?.status);  // only the course opens a session, or shows what is gone
  const act = isFinal ? null : () => again(ctx, source);
  showAt(source, errorNotice(sentence, { reference, act }));
}

function again(ctx, source) {
  const { type, submitter } = ctx.sourceEvent ?? {};
  if (source === document.body) htmx.ajax("GET", ctx.request.action, wholePage);
  else if (type === "submit") source.requestSubmit(submitter?.isConnected ? submitter : undefined);
  else if (type === "click") source.click();
  else htmx.trigger(source, type || "click");
}

/* Downloads and files are the browser's or shell.js's business, never swapped into the page. */
function keepPlain(event) {
  if (event.target.matches("a[data-download]")) event.preventDefault();
}

export function start() {
  const listen = (name, act) => document.addEventListener(`htmx:${name}`, act);
  listen("config:request", prepare);
  listen("before:request", begin);
  listen("finally:request", end);
  listen("before:swap", judge);
  listen("after:swap", focus);
  listen("after:swap", say);
  listen("error", broken);
  listen("before:init", keepPlain);
}
