// Platform storage (1EdTech lti-pm-s and lti-cs-pm, v0p1): this page keeps small texts for the tool, in this browser,
// each tool's apart from every other's. With a forwarding frame only what comes through it is answered.
const { target } = document.currentScript.dataset;
const MOST_KEYS = 500, MOST_CHARACTERS = 4096;
const prefix = (tool) => `lti|platform_storage|${tool}|`;

addEventListener("message", ({ source, origin, data }) => {
  if (target === "_parent") return reply(origin, data, (answer) => source.postMessage(answer, origin));
  const forwarder = window.frames[target];
  if (source !== forwarder || origin !== location.origin) return;
  reply(data.tool, data.message, (answer) => forwarder.postMessage({ answer }, location.origin));
});

function reply(tool, message, send) {
  if (!/^lti\.\w+$/.test(message?.subject ?? "")) return;
  const { subject, message_id } = message;
  const answer = (acts[subject] ?? unsupported)(tool, message);
  send({ subject: `${subject}.response`, message_id, ...answer });
}

const acts = {
  "lti.capabilities": () => ({
    supported_messages: Object.keys(acts).map((subject) => ({ subject, frame: target })),
  }),
  "lti.put_data": (tool, { key, value, message_id }) => {
    if (!key || !message_id) return failure("bad_request");
    const name = prefix(tool) + key;
    if (!value) { localStorage.removeItem(name); return { key }; }
    if (isFull(tool, key, value)) return failure("storage_exhaustion");
    localStorage.setItem(name, value);
    return { key, value };
  },
  "lti.get_data": (tool, { key, message_id }) =>
    key && message_id ? { key, value: localStorage.getItem(prefix(tool) + key) } : failure("bad_request"),
};

function isFull(tool, key, value) {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix(tool)) && name !== prefix(tool) + key);
  const kept = names.reduce((sum, name) => sum + name.length - prefix(tool).length + localStorage.getItem(name).length, 0);
  return names.length >= MOST_KEYS || kept + key.length + value.length > MOST_CHARACTERS;
}

const unsupported = () => failure("unsupported_subject");
function failure(code) { return { error: { code, message: code } }; }
