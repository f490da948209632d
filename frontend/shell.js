/* Life without cookies. The launch page becomes the application's shell: it takes the bearer token that the
   launch ended with, fetches the first page with it and stays, since every movement from then on is htmx's.
   After a reload the data-free page continues the same way, where sessionStorage still holds the token. */
import htmx from "htmx.org";
import { adopt, forget, holdsToken, request, resume, sessionOf } from "./net.js";
import { errorNotice, showAt, waiting } from "./notices.js";
import { wholePage } from "./requests.js";

function show(address) {
  return htmx.ajax("GET", address, { ...wholePage, replace: "true" });
}

/* launch.js hands over {url, token} by this event; it learns from the default's prevention that we live. */
function takeOver(event) {
  const { url, token } = event.detail;
  event.preventDefault();
  adopt(sessionOf(url), token);
  show(new URL(url, location.href).href);
}

/* A token that the server no longer takes is of no use to the next reload either. */
function notice401(event) {
  if (event.detail.ctx.response.status === 401 && holdsToken()) forget();
}

/* A link to a file carries no header: with a token in hand the file is fetched and handed over as a blob. */
async function download(event) {
  const link = event.target.closest?.("a[data-download]");
  if (!link || !holdsToken()) return;
  event.preventDefault();
  const done = waiting();
  try {
    const response = await request(link.href, { accept: "*/*" });
    // whatever it is, the browser is to save it and not to show it
    save(new Blob([await response.blob()], { type: "application/octet-stream" }), fileName(response, link));
  } catch (error) {
    showAt(link, errorNotice(error.message, { act: () => link.click() }));
  } finally {
    done();
  }
}

function fileName(response, link) {
  const disposition = response.headers.get("Content-Disposition") || "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename="?([^";]+)"?/i.exec(disposition)?.[1];
  return (encoded && decodeURIComponent(encoded)) || plain || link.download || link.textContent.trim() || "download";
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.setAttribute("hx-ignore", "");
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export function start() {
  document.addEventListener("coursellm:session", takeOver);
  document.addEventListener("htmx:response:error", notice401);
  document.addEventListener("click", download);
  if (document.body.hasAttribute("data-no-session") && resume()) show(location.href);
}
