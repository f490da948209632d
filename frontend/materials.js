/* Uploads with a row and progress of their own for each file, chosen or dropped. The server answers with
   the file's row, which from then on looks after itself (hx-trigger). Without this module the form is sent
   as it is. A request by XMLHttpRequest, because fetch() tells nothing of what has been sent. */
import { credentialHeaders, explain, sentences } from "./net.js";
import { announce, errorNotice } from "./notices.js";
import { mount } from "./rooms.js";

const AT_ONCE = 2;

export function init(form) {
  const list = document.querySelector("[data-upload-list]"), input = form.querySelector('input[type="file"]');
  const waiting = [];
  let running = 0;

  function add(files) {
    const rows = [...files].map((file) => ({ file, row: emptyRow(file.name) }));
    list.prepend(...rows.map(({ row }) => row));
    count(list);
    for (const { file, row } of rows) {
      if (file.size > Number(form.dataset.limit)) fail(row, tooLarge(form.dataset.limitWords));
      else wait(row, file);
    }
    next();
  }

  function wait(row, file) {
    const entry = { file, row };
    show(row, progress("Waiting to be uploaded", null));
    row.querySelector(".act").replaceChildren(button("Cancel", `Cancel the upload of ${file.name}`, () => {
      waiting.splice(waiting.indexOf(entry), waiting.includes(entry) ? 1 : 0);
      remove(row);
    }));
    waiting.push(entry);
  }

  function next() {
    while (running < AT_ONCE && waiting.length) {
      running += 1;
      const { file, row } = waiting.shift();
      upload(form.action, file, row)
        .then((answer) => settle(row, answer, list), (error) => {
          if (error.name !== "AbortError") fail(row, error.message, () => { wait(row, file); next(); });
        })
        .finally(() => { running -= 1; next(); });
    }
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
  const stay = (event) => { if (running) event.preventDefault(); };

  form.addEventListener("submit", submit, { capture: true });
  document.addEventListener("dragover", over);
  document.addEventListener("drop", drop);
  addEventListener("beforeunload", stay);
  form.querySelector("[data-upload-drop]").hidden = false;
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("drop", drop);
    removeEventListener("beforeunload", stay);
  };
}

/** Send one file; resolves to the server's row. Rejects with a sentence, or AbortError after Cancel. */
function upload(address, file, row) {
  const body = new FormData(), request = new XMLHttpRequest();
  body.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => show(row, sending(loaded, total)));
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve(request.responseText);
      const { sentence } = explain(request.responseText, request.getResponseHeader("Content-Type") || "");
      reject(new Error(sentence));
    });
    request.addEventListener("error", () => reject(new Error(sentences.UNREACHABLE)));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.open("POST", address);
    const headers = { Accept: "text/html", "HX-Request": "true", ...credentialHeaders(address, "POST") };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    row.querySelector(".act").replaceChildren(button("Cancel", `Cancel the upload of ${file.name}`, () => {
      request.abort();
      remove(row);
    }));
    request.send(body);
  });
}

function settle(row, answer, list) {
  const holder = document.createElement("template");
  holder.innerHTML = answer;  // the server's own, escaped
  const fresh = holder.content.firstElementChild, known = document.getElementById(fresh.id);
  if (known) {
    const title = known.querySelector("h3").textContent.trim();
    fail(row, `This file is here already, as “${title}”. It was not added again.`);
    return;
  }
  const focused = row.contains(document.activeElement);
  row.replaceWith(fresh);
  mount(fresh);
  if (focused) fresh.querySelector(".act a")?.focus();
  count(list);
  announce(`${fresh.querySelector("h3").textContent.trim()}: uploaded.`);
}

function fail(row, sentence, act) {
  show(row, [errorNotice(sentence, { act })]);
  row.querySelector(".act").replaceChildren(button("Remove", "Remove this row", () => remove(row)));
}

function remove(row) {
  const list = row.parentElement;
  row.remove();
  if (list) count(list);
  document.querySelector('[data-upload] input[type="file"]')?.focus();
}

function count(list) {
  const files = list.children.length;
  document.getElementById("files-h").textContent = `${files || "No"} ${files === 1 ? "file" : "files"}`;
  document.querySelector("main .cl-empty")?.remove();
}

function emptyRow(name) {
  const row = document.createElement("li");
  row.className = "cl-file";
  row.innerHTML = '<div class="name"><h3><bdi></bdi></h3></div><div class="state"></div><p class="rel"></p><div class="act"></div>';
  row.querySelector("bdi").textContent = name;
  return row;
}

function show(row, parts) {
  row.querySelector(".state").replaceChildren(...parts);
}

function sending(loaded, total) {
  const percent = total ? Math.floor((100 * loaded) / total) : null;
  return progress(percent === 100 ? "Uploaded. Being kept" : `Uploading, ${percent ?? 0} %`, percent === 100 ? null : percent);
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

function tooLarge(limit) {
  return `The file is larger than ${limit}, the most that can be uploaded. Split it, or save a smaller copy, and upload that.`;
}
