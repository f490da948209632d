/* The way to the server: every request of the page goes through here, with the session's credential.
   Where cookies live, the cookie does it and unsafe requests carry the anti-CSRF token; where they do
   not, the page holds a bearer token (LTI 1.3 in a third-party frame) and sends it as a header. */

const UNREACHABLE = "CourseLLM could not be reached. Check the connection; nothing on this page is lost.";
const FAILED = "That did not work: the server had a problem. Nothing on this page is lost.";
const credential = { sid: null, token: null };

/** A request that failed: `.message` is a sentence for the person, `.status` 0 where no answer came. */
export class RequestFailed extends Error {
  constructor(sentence, { status = 0, reference = null } = {}) {
    super(sentence);
    this.name = "RequestFailed";
    this.status = status;
    this.reference = reference;
  }
}

/** The session that an address belongs to: `/s/<sid>/…`, else null. */
export function sessionOf(address = location.href) {
  const url = new URL(address, location.href);
  return url.origin === location.origin ? (/^\/s\/([^/]+)\//.exec(url.pathname)?.[1] ?? null) : null;
}

/** Hold the session's bearer token; kept in sessionStorage too where that works, so that a reload continues. */
export function adopt(sid, token) {
  Object.assign(credential, { sid, token });
  try { sessionStorage.setItem(`bearer.${sid}`, token); } catch { /* blocked: memory alone */ }
}

/** Take up the token that an earlier page of this session left; false where there is none. */
export function resume(sid = sessionOf()) {
  let token = null;
  try { token = sessionStorage.getItem(`bearer.${sid}`); } catch { /* blocked */ }
  if (sid && token) Object.assign(credential, { sid, token });
  return Boolean(sid && token);
}

export function forget() {
  try { sessionStorage.removeItem(`bearer.${credential.sid}`); } catch { /* blocked */ }
  Object.assign(credential, { sid: null, token: null });
}

export const holdsToken = () => credential.token !== null;

/** Headers that identify the session to `address`; none for any other origin or session. */
export function credentialHeaders(address = location.href, method = "GET") {
  const sid = sessionOf(address);
  if (!sid) return {};
  if (credential.token) return sid === credential.sid ? { Authorization: `Bearer ${credential.token}` } : {};
  if (/^(GET|HEAD)$/i.test(method)) return {};
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  return token ? { "X-CSRF-Token": token } : {};
}

/** What an error answer says to the person; the server sends JSON {error, reference} or its error page. */
export function explain(text, type = "") {
  if (/json/.test(type)) {
    try {
      const { error, reference } = JSON.parse(text);
      return { sentence: error || FAILED, reference };
    } catch { return { sentence: FAILED }; }
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  return {
    sentence: page.querySelector("[data-error-sentence]")?.textContent.trim() || FAILED,
    reference: page.querySelector("[data-error-reference]")?.textContent.trim(),
  };
}

/**
 * fetch() with the credential. `json` is sent as JSON, `body` as it is (FormData, text).
 * Resolves to an ok Response; throws RequestFailed otherwise, AbortError when `signal` ends it.
 */
export async function request(address, { method = "GET", headers = {}, body, json, signal, accept } = {}) {
  const sent = { Accept: accept || "application/json, text/html;q=0.9", ...credentialHeaders(address, method), ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address, {
      method, headers: sent, signal, credentials: "same-origin", mode: "same-origin",
      body: json !== undefined ? JSON.stringify(json) : body,
    });
  } catch (error) {
    throw error.name === "AbortError" ? error : new RequestFailed(UNREACHABLE);
  }
  if (response.ok) return response;
  const { sentence, reference } = explain(await response.text().catch(() => ""), response.headers.get("Content-Type") || "");
  throw new RequestFailed(sentence, { status: response.status, reference });
}

/**
 * Send `body` (FormData) and say how far it is, which fetch cannot: `onProgress(share)` from 0 to 1.
 * Resolves to {status, text, url} of an ok answer; throws as request() does.
 */
export function upload(address, body, { onProgress, signal, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", address);
    const sent = { Accept: "text/html, application/json;q=0.9", ...credentialHeaders(address, "POST"), ...headers };
    for (const [name, value] of Object.entries(sent)) sending.setRequestHeader(name, value);
    sending.upload.onprogress = ({ loaded, total }) => total && onProgress?.(loaded / total);
    sending.onerror = () => reject(new RequestFailed(UNREACHABLE));
    sending.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    sending.onload = () => {
      const { status, responseText: text, responseURL: url } = sending;
      if (status >= 200 && status < 300) return resolve({ status, text, url });
      const { sentence, reference } = explain(text, sending.getResponseHeader("Content-Type") || "");
      return reject(new RequestFailed(sentence, { status, reference }));
    };
    signal?.addEventListener("abort", () => sending.abort());
    sending.send(body);
  });
}

/**
 * Server-sent events by fetch (an EventSource can send no header). Calls `onEvent({event, data, id})` for
 * each; resolves when the stream ends. Throws as request() does, also when the connection breaks midway.
 */
export async function stream(address, options, onEvent) {
  const response = await request(address, { accept: "text/event-stream", ...options });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const feed = eventParser(onEvent);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      feed(value);
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error instanceof TypeError) throw new RequestFailed(UNREACHABLE);
    throw error;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** A parser of the event-stream format, fed with text in pieces of any size. */
export function eventParser(onEvent) {
  let rest = "", event = "", data = [], id = null;
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length) onEvent({ event: event || "message", data: data.join("\n"), id });
        event = ""; data = [];
        continue;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (name === "data") data.push(value);
      else if (name === "event") event = value;
      else if (name === "id") id = value;
    }
  };
}

export const sentences = { UNREACHABLE, FAILED };
