/* Where the secret of one sign-in can stand until the launch comes back. put() says whether it held; get() gives it
   back or null; both may throw or answer later (a promise). The server sets a cookie of its own, out of script's
   reach, and never comes here when that one holds; ours is for a browser that keeps partitioned cookies but blocks
   storage in a frame. */
const LIFE_MS = 600_000;
const ANSWER_MS = 1000;
const AGAIN_MS = 200;

export const cookie = {
  name: "cookie",
  put(key, secret) { writeCookie(key, encodeURIComponent(secret), LIFE_MS / 1000); return this.get(key) === secret; },
  get(key) {
    const pair = document.cookie.split("; ").find((one) => one.startsWith(`${cookieName(key)}=`));
    return pair ? decodeURIComponent(pair.slice(cookieName(key).length + 1)) : null;
  },
  remove: (key) => writeCookie(key, "", 0),
};

const cookieName = (key) => `__Host-page.${key.slice(0, 24)}`;

function writeCookie(key, value, seconds) {
  document.cookie = `${cookieName(key)}=${value}; Secure; SameSite=None; Partitioned; Path=/; Max-Age=${seconds}`;
}

/** sessionStorage or localStorage. What ran out goes first: where the server's cookie held, nobody took it away. */
export function webStore(name) {
  return {
    name,
    put(key, secret) {
      sweep(window[name]);
      window[name].setItem(key, `${secret} ${Date.now() + LIFE_MS}`);
      return this.get(key) === secret;
    },
    get: (key) => window[name].getItem(key)?.split(" ")[0] ?? null,
    remove(key) { window[name].removeItem(key); },
  };
}

function sweep(storage) {
  for (const key of Object.keys(storage)) {
    if (key.startsWith("lti.") && !(Number(storage.getItem(key).split(" ")[1]) > Date.now())) storage.removeItem(key);
  }
}

/** What the platform keeps for us (LTI platform storage): one frame of it, at the one origin that is registered. */
export function platformStore(origin, target) {
  const ask = (subject, more) => request(target, origin, { subject, ...more });
  return {
    name: "platform",
    async put(key, value) { await ask("lti.put_data", { key, value }); return true; },
    async get(key) { return (await ask("lti.get_data", { key })).value || null; },
    remove: (key) => ask("lti.put_data", { key, value: null }),
  };
}

/* Asked again until there is an answer, since the platform's frame may still be loading: then the browser drops
   what is meant for its origin. */
function request(target, origin, message) {
  const message_id = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const send = () => frameOf(target)?.postMessage({ ...message, message_id }, origin);
    const listen = ({ origin: sender, data }) => {
      if (sender !== origin || data?.message_id !== message_id || data.subject !== `${message.subject}.response`) return;
      stop();
      if (data.error) reject(new Error(data.error.code)); else resolve(data);
    };
    const giveUp = (why) => { stop(); reject(new Error(why)); };
    const stop = () => { removeEventListener("message", listen); clearInterval(again); clearTimeout(end); };
    const again = setInterval(send, AGAIN_MS), end = setTimeout(giveUp, ANSWER_MS, "no answer");
    addEventListener("message", listen);
    if (frameOf("_parent")) send(); else giveUp("nobody to ask");
  });
}

/* A named frame beside ours; the page round us where it cannot be reached. */
function frameOf(target) {
  const home = window.parent === window ? window.opener : window.parent;
  if (target === "_parent" || !home) return home;
  try { return home.frames[target]?.postMessage ? home.frames[target] : home; } catch { return home; }
}
