/* The paragraph that is being written: text is appended as it comes, with code and strong words shown as
   such as soon as their marks arrive. The finished block from the server takes its place. */

const MARK = /(```[^\n`]*\n|```|`|\*\*)/;

/** A writer into `part` (`[data-tutor-live]`): append(text), clear(), end(). */
export function liveText(part) {
  const caret = document.createElement("span");
  caret.className = "cl-caret";
  caret.setAttribute("aria-hidden", "true");
  let held = "", open = null, place = null;

  function begin() {
    const paragraph = document.createElement("p");
    paragraph.className = "cl-live";
    part.replaceChildren(paragraph);
    place = paragraph;
    open = null;
    place.append(caret);
  }

  function put(text) {
    if (!text) return;
    const before = caret.previousSibling;
    if (before instanceof Text) before.appendData(text);
    else caret.before(text);
  }

  function enter(name, mark) {
    const element = document.createElement(name === "fence" ? "pre" : name);
    if (name === "fence") element.className = "cl-code";
    if (name === "fence") part.append(element);
    else caret.before(element);
    open = { mark, block: name === "fence", parent: name === "fence" ? null : caret.parentNode };
    element.append(caret);
  }

  function leave() {
    if (open.block) {
      const paragraph = document.createElement("p");
      paragraph.className = "cl-live";
      part.append(paragraph);
      paragraph.append(caret);
    } else {
      caret.parentNode.after(caret);
    }
    open = null;
  }

  function take(piece) {
    const mark = piece.startsWith("```") ? "```" : piece;
    if (open) return open.mark === mark ? leave() : put(piece);
    if (mark === "```") enter("fence", mark);
    else if (mark === "`") enter("code", mark);
    else enter("strong", mark);
  }

  begin();
  return {
    append(text) {
      const whole = held + text;
      held = /(```[^\n`]*|[`*]+)$/.exec(whole)?.[0] ?? "";  // a mark may come in pieces
      const ready = held ? whole.slice(0, -held.length) : whole;
      for (const piece of ready.split(MARK)) {
        if (MARK.test(piece)) take(piece);
        else put(piece);
      }
    },
    clear() { held = ""; begin(); },
    end() { put(held); held = ""; caret.remove(); },
  };
}
