/* The tutor's conversation: a question is sent, its card comes at once, the written answer grows below it.
   Nothing here is needed to ask: without script the same forms work as pages. Parts of the page:
     [data-tutor] the thread · [data-tutor-ask] forms that ask · [data-tutor-current] the latest turn
     [data-tutor-earlier] the fold of earlier turns · [data-tutor-answer] a written answer
     [data-tutor-stop], [data-tutor-again] forms in it · [data-tutor-live] the paragraph being written */
import { request, stream } from "./net.js";
import { announce, errorNotice, settle, showAt, waiting } from "./notices.js";
import { mount } from "./rooms.js";
import { liveText } from "./tutor-live.js";

const MOST_ROWS = 6;
const PATIENCE = 5000;  // milliseconds that the server may take to end what was stopped

export function init(thread) {
  const main = thread.closest("main");
  const part = (name, root = main) => root.querySelector(`[data-tutor-${name}]`);
  let running = null;

  /* A stream: `place` takes the first HTML; everything after it goes into the turn's answer. */
  async function follow(address, options, run) {
    run.controller = new AbortController();
    running = run;
    const done = waiting();
    try {
      await stream(address, { method: "POST", signal: run.controller.signal, ...options }, (event) => {
        done();
        act(run, event);
      });
      if (!run.finished) fail(run, "The connection ended before the answer did. Your question and the pages are kept.");
    } catch (error) {
      if (error.name === "AbortError") return fail(run, "Stopped. What was written is kept.");
      if (!run.section && run.refused) return run.refused(error);
      fail(run, error.message, error.reference);
    } finally {
      done();
      quiet(run);
      if (running === run) running = null;
    }
  }

  function act(run, { event, data }) {
    if (event === "evidence") showTurn(run, data);
    else if (event === "token") run.live?.append(data);
    else if (event === "block") showBlock(run, data);
    else if (event === "answer" || event === "error") showAnswer(run, data);
    else if (event === "notice") showAnswer(run, data);
    else if (event === "done") run.finished = true;
  }

  function showTurn(run, html) {
    const current = part("current"), before = current.querySelector("article");
    if (before) foldAway(before);
    current.replaceChildren(fragment(html));
    mount(current);
    for (const form of main.querySelectorAll("[data-tutor-new]")) form.hidden = false;
    const label = current.querySelector(".cl-evidence .cl-label")?.textContent.trim() ?? "";
    const slips = part("slips", current)?.textContent.trim();
    run.asked?.();
    run.waitsFor = null;
    attach(run, part("answer", current));
    announce([`${label}.`, slips, run.section && "Writing the answer."].filter(Boolean).join(" "));
  }

  /* From here on the run writes into this section. */
  function attach(run, section) {
    run.section = section;
    const live = section && part("live", section);
    run.live = live ? liveText(live) : null;
    if (!live) return;
    run.watcher?.disconnect();
    run.watcher = new IntersectionObserver(([entry]) => below(run, !entry.isIntersecting), { rootMargin: "0px 0px -120px" });
    run.watcher.observe(live);
  }

  function showBlock(run, html) {
    const live = run.section && part("live", run.section);
    if (!live) return;
    const blocks = [...fragment(html).children];
    live.before(...blocks);
    blocks.forEach(mount);
    run.live.clear();
  }

  function showAnswer(run, html) {
    const fresh = fragment(html), had = run.section?.contains(document.activeElement);
    const section = part("answer", fresh) ?? fresh.firstElementChild;
    run.section?.replaceWith(section);
    mount(section);
    attach(run, section);
    if (had) focusHeading(section);
    if (section.getAttribute("aria-busy") !== "true") announceEnd(section);
  }

  function announceEnd(section) {
    if (section.querySelector("[role=alert]")) return;
    const text = [...section.querySelectorAll(".cl-para > :not(.cl-side)")].map((block) => block.textContent.trim());
    announce(text.length ? `The answer: ${text.join(" ")}` : section.textContent.trim());
  }

  function fail(run, sentence, reference) {
    quiet(run);
    const section = run.section;
    if (!main.isConnected) return;
    if (!section?.isConnected) return showAt(part("ask"), errorNotice(sentence, { reference }));
    section.removeAttribute("aria-busy");
    part("stop", section)?.remove();
    const address = section.dataset.tutorAnswer;
    section.append(errorNotice(sentence, { reference, act: address && (() => write(address, section)) }));
  }

  function quiet(run) {
    run.watcher?.disconnect();
    run.live?.end();
    below(run, false);
  }

  function below(run, isOut) {
    const row = part("below");
    if (!row) return;
    row.hidden = !isOut;
    if (run.section) row.querySelector("a").href = `#${run.section.id}`;
  }

  async function ask(form) {
    const field = form.elements.question, text = field.value.trim();
    if (!text) return field.focus();
    if (running?.waitsFor === text) return;  // Enter pressed twice
    if (running) await stop(running);
    settle(form);
    const asked = () => { if (field.type !== "hidden" && field.value.trim() === text) { field.value = ""; grow(field); } };
    const refused = (error) => showAt(form, errorNotice(error.message, { reference: error.reference, act: error.status === 422 ? null : () => ask(form) }));
    await follow(form.action, { body: new URLSearchParams({ question: text }) }, { waitsFor: text, asked, refused });
  }

  async function write(address, section) {
    if (running) await stop(running);
    await follow(address, {}, { section, refused: null });
  }

  /* The server ends the answer and sends what there is; if it does not, we leave. */
  async function stop(run) {
    const patience = setTimeout(() => run.controller.abort(), PATIENCE);
    for (let isTold = false; running === run;) {
      const form = isTold ? null : run.section && part("stop", run.section);
      if (form) {
        isTold = true;
        form.querySelector("button").setAttribute("aria-disabled", "true");
        request(form.action, { method: "POST" }).catch(() => run.controller.abort());
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    clearTimeout(patience);
  }

  function foldAway(article) {
    const fold = part("earlier"), label = article.querySelector(".cl-evidence .cl-label");
    const line = document.createElement("p"), where = article.querySelector(".cl-pageview a");
    line.className = "cl-small";
    if (label) line.append(label);
    if (where) {
      const link = document.createElement("a");
      link.href = where.href;
      link.dataset.source = "";
      link.textContent = article.querySelector(".cl-evidence-head .cl-soft")?.textContent ?? "";
      line.append(" ", link);
    }
    article.querySelector(".cl-evidence")?.replaceWith(line);
    article.className = "cl-past";
    fold.append(article);
    fold.hidden = fold.open = false;
    const count = fold.querySelectorAll("article").length;
    part("count", fold).textContent = count;
    part("noun", fold).textContent = count === 1 ? "question" : "questions";
  }

  function submitted(event) {
    const form = event.target, marks = form.dataset;
    const does = "tutorAsk" in marks ? () => ask(form)
      : "tutorAgain" in marks ? () => write(form.action, form.closest("[data-tutor-answer]"))
      : "tutorStop" in marks ? () => running && stop(running) : null;
    if (!does) return;
    event.preventDefault();
    event.stopImmediatePropagation();  // the forms would be pages without us, and htmx' otherwise
    does();
  }

  function pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (!event.target.matches?.("[data-tutor-ask] textarea")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  }

  const typed = ({ target }) => { if (target.matches?.("[data-tutor-ask] textarea")) grow(target); };
  main.addEventListener("submit", submitted, { capture: true });
  main.addEventListener("keydown", pressed);
  main.addEventListener("input", typed);
  return () => {
    running?.controller.abort();
    main.removeEventListener("submit", submitted, { capture: true });
    main.removeEventListener("keydown", pressed);
    main.removeEventListener("input", typed);
  };
}

/* Where the browser does not let a field grow with its content by itself. */
function grow(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.rows = 1;
  while (field.rows < MOST_ROWS && field.scrollHeight > field.clientHeight + 2) field.rows += 1;
}

function fragment(html) {
  return document.createRange().createContextualFragment(html.trim());
}

function focusHeading(section) {
  const heading = section.querySelector("h3") ?? section;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
