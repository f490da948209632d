/* Uploads with a row and progress of their own for each file, chosen or dropped, by the tus protocol: what
   was sent before a connection dropped is not sent again. They go on while other pages are shown. After a
   reload the server's rows tell what is unfinished, and the same file chosen again goes on. Without this
   module the form is sent as it is. */
import htmx from "htmx.org";
import * as tus from "tus-js-client";
import { credentialHeaders, explain, request, sentences } from "./net.js";
import { announce, calmNotice, errorNotice } from "./notices.js";
import { wholePage } from "./requests.js";
import { mount } from "./rooms.js";

const AT_ONCE = 2, PIECE = 8 << 20, PAUSES = [0, 1000, 3000, 5000, 10000];
const jobs = new Set();   // of this tab, whichever page is shown
let done = 0;

export function init(form) {
  const list = document.querySelector("[data-upload-list]") ?? ownList(), input = form.querySelector('input[type="file"]');
  const replaces = form.elements.replaces?.value;  // on a single file's page: only its own new versions
  const ours = [...jobs].filter((job) => job.endpoint === form.dataset.upload && (!replaces || job.replaces === replaces));
  for (const { upload } of ours) if (upload?.url) list.querySelector(`[data-unfinished="${pathOf(upload.url)}"]`)?.remove();
  place(ours);
  if (ours.length) count();

  function place(some) {
    list.prepend(...some.map(({ row }) => row));
    if (some.length && !list.isConnected) form.after(list);
  }

  function add(files) {
    const made = [...files].map((file) => prepare(form, list, file));
    place(made);
    count();
    for (const job of made) {
      jobs.add(job);
      if (job.file.size > Number(form.dataset.limit)) fail(job, form.dataset.tooLarge);
      else if (job.older) compare(job);
      else wait(job);
    }
    next();
  }

  const submit = (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();  // htmx would send the form as well
    add(input.files);
    input.value = "";
  };
  const drop = (event) => {
    form.classList.remove("is-over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  };
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();  // anywhere on the page: a file dropped beside must not replace it
    form.classList.toggle("is-over", form.contains(event.target));
  };

  form.addEventListener("submit", submit, { capture: true });
  document.addEventListener("dragover", over);
  document.addEventListener("drop", drop);
  for (const hint of form.querySelectorAll("[data-upload-drop]")) hint.hidden = false;
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("drop", drop);
  };
}

addEventListener("beforeunload", (event) => { if (running()) event.preventDefault(); });
addEventListener("online", () => { for (const job of jobs) if (job.state === "cut off") wait(job); next(); });

/* What is known of a file before anything is sent: an upload of it that stopped, or a file of its name. */
function prepare(form, list, file) {
  const stopped = [...list.querySelectorAll("[data-unfinished]")].find(({ dataset }) => dataset.name === file.name
    && Number(dataset.size) === file.size && dataset.modified === String(file.lastModified));
  const replaces = form.elements.replaces?.value;
  const older = !stopped && !replaces && [...list.querySelectorAll("[data-file]")].find(({ dataset }) => dataset.file === file.name);
  stopped?.remove();
  return { file, row: emptyRow(file.name), state: "new", endpoint: form.dataset.upload, address: stopped?.dataset.unfinished, replaces,
    older: older || null, then: form.dataset.then };
}

const pathOf = (address) => new URL(address, location.href).pathname;

const running = () => [...jobs].filter(({ state }) => state === "running").length;

function next() {
  for (const job of jobs) {
    if (running() >= AT_ONCE) return;
    if (job.state === "waiting") send(job);
  }
  if (done && !running()) {
    announce(done === 1 ? "One file uploaded." : `${done} files uploaded.`);
    done = 0;
  }
}

function wait(job) {
  job.state = "waiting";
  show(job.row, progress("Waiting to be uploaded", null));
  acts(job.row, cancel(job));
}

/* A file of the same name: the same once more, or most often a corrected one. */
async function compare(job) {
  show(job.row, progress("Comparing it with the file of this name", null));
  acts(job.row, cancel(job));
  const isSame = await holds(job.older.dataset, job.file);
  if (job.state !== "new") return;
  if (!isSame) return ask(job);
  if (!("wanted" in job.older.dataset)) return known(job, titleOf(job.older));
  wait(job);  // the server's own is lost: this one is taken
  next();
}

/* Where the browser cannot tell, as without https, the server does once the file is there. */
async function holds({ size, sum }, file) {
  if (Number(size) !== file.size) return false;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sum;
  } catch {
    return false;
  }
}

const titleOf = (row) => row.querySelector("h3").textContent.trim();

/* The teacher says which it is. */
function ask(job) {
  const words = document.createElement("p"), title = titleOf(job.older);
  words.className = "cl-small";
  words.textContent = `A file of this name is here, as “${title}”.`;
  const row = document.createElement("div");
  row.className = "cl-row mt-2";
  const answer = (replaces) => () => { job.replaces = replaces; job.older = null; wait(job); next(); job.row.querySelector(".act button").focus(); };
  row.append(button("Replace it", `Replace it: ${title}`, answer(job.older.dataset.id)), button("Keep both", `Keep both: ${title} and this file`, answer()));
  show(job.row, [words, row]);
  acts(job.row, cancel(job));
}

function send(job) {
  job.state = "running";
  acts(job.row, cancel(job));
  job.upload ??= new tus.Upload(job.file, {
    endpoint: job.endpoint,
    uploadUrl: job.address ? new URL(job.address, location.href).href : null,
    chunkSize: PIECE,
    retryDelays: PAUSES,
    storeFingerprintForResuming: false,  // the server knows, whatever the browser keeps
    metadata: { filename: job.file.name, modified: String(job.file.lastModified), ...(job.replaces && { replaces: job.replaces }) },
    onBeforeRequest: (asked) => {
      const headers = { Accept: "application/json", ...credentialHeaders(asked.getURL(), asked.getMethod()) };
      for (const [name, value] of Object.entries(headers)) asked.setHeader(name, value);
    },
    onProgress: (sent, size) => { if (job.state === "running") show(job.row, sending(sent, size)); },
    onSuccess: () => finish(job),
    onError: (error) => stop(job, error),
  });
  show(job.row, progress("Connecting", null));
  job.upload.start();
}

async function finish(job) {
  try {
    const response = await request(`${job.upload.url}/row`, { accept: "text/html" });
    settle(job, await response.text(), response.status === 201);
  } catch (error) {
    fail(job, error.message, () => finish(job));
  }
  next();
}

function stop(job, error) {
  const answer = error.originalResponse;
  const status = answer?.getStatus();
  const again = () => { wait(job); next(); };
  if (status) fail(job, explain(answer.getBody(), answer.getHeader("Content-Type") || "").sentence, again);
  else {
    fail(job, `${sentences.UNREACHABLE} What was sent is kept: it goes on from there.`, again);
    job.state = "cut off";
  }
  next();
}

function settle(job, answer, isNew) {
  const holder = document.createElement("template");
  holder.innerHTML = answer;  // the server's own, escaped
  const fresh = holder.content.firstElementChild, { id } = fresh.querySelector("[data-id]").dataset;
  if (!isNew) return known(job, titleOf(fresh));
  done += 1;
  jobs.delete(job);
  if (job.then) return htmx.ajax("GET", job.then, wholePage);
  const focused = job.row.contains(document.activeElement), list = job.row.parentElement;
  list?.querySelector(`[data-id="${id}"]`)?.closest("li").remove();  // of a lost file, or one that gets a new version
  job.row.replaceWith(fresh);
  if (list?.isConnected) mount(fresh);
  if (focused) fresh.querySelector(".act a")?.focus();
  count();
}

/* Nothing is wrong, and nothing was added: the row says so and does not count. */
function known(job, title) {
  const sentence = `This file is here already, as “${title}”. It was not added again.`;
  job.state = "known";
  jobs.delete(job);
  job.row.dataset.apart = "";
  show(job.row, [calmNotice(sentence)]);
  acts(job.row, removal(job));
  announce(`${job.file.name}: ${sentence}`);
  count();
}

function fail(job, sentence, act) {
  job.state = "failed";
  job.row.toggleAttribute("data-apart", !act);
  show(job.row, [errorNotice(sentence, { act })]);
  acts(job.row, removal(job));
  count();
}

function removal(job) {
  return button("Remove", `Remove the row of ${job.file.name}`, () => remove(job));
}

function cancel(job) {
  return button("Cancel", `Cancel the upload of ${job.file.name}`, () => remove(job));
}

function remove(job) {
  job.state = "removed";
  jobs.delete(job);
  job.upload?.abort(true).catch(() => {});  // an upload that nobody ends runs out by itself
  job.row.remove();
  count();
  document.querySelector('[data-upload] input[type="file"]')?.focus();
  next();
}

function count() {
  const heading = document.getElementById("files-h"), files = document.querySelectorAll("[data-upload-list] > li:not([data-apart])").length;
  if (!heading) return;
  heading.textContent = `${files || "No"} ${files === 1 ? "file" : "files"}`;
  document.querySelector("main .cl-empty")?.remove();
}

/* Where the page has no list of files, as beside a single file, the rows stand below the form. */
function ownList() {
  const list = document.createElement("ul");
  list.className = "cl-plain cl-files mt-3";
  return list;
}

function emptyRow(name) {
  const row = document.createElement("li");
  row.className = "cl-file cl-file-pick";
  row.innerHTML = '<div class="name"><h3><bdi></bdi></h3></div><div class="state"></div><p class="rel"></p><div class="act"></div>';
  row.querySelector("bdi").textContent = name;
  return row;
}

function show(row, parts) {
  const [label, bar] = row.querySelector(".state").children;
  if (parts[1]?.matches("progress") && bar?.matches("progress")) {  // in place: a reader of the bar stays on it
    label.textContent = parts[0].textContent;
    if (parts[1].hasAttribute("value")) bar.value = parts[1].value;
    else bar.removeAttribute("value");
  } else row.querySelector(".state").replaceChildren(...parts);
}

function acts(row, ...buttons) {
  const place = row.querySelector(".act"), focused = place.contains(document.activeElement);
  place.replaceChildren(...buttons);
  if (focused) buttons[0]?.focus();
}

function sending(sent, size) {
  const percent = size ? Math.floor((100 * sent) / size) : 100;
  return percent === 100 ? progress("Uploaded. Being kept", null) : progress(`Uploading, ${percent} %`, percent);
}

function progress(words, percent) {
  const label = document.createElement("label"), bar = document.createElement("progress");
  label.className = "cl-small";
  label.textContent = words;
  bar.className = "cl-progress";
  bar.max = 100;
  if (percent !== null) bar.value = percent;
  label.htmlFor = bar.id = `upload-${(progress.number = (progress.number ?? 0) + 1)}`;
  return [label, bar];
}

function button(words, name, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn btn-sm btn-quiet";
  element.textContent = words;
  element.setAttribute("aria-label", name);
  element.addEventListener("click", act);
  return element;
}
