/* Where formulas stand in a text: \(…\) and $…$ within a line, \[…\] and $$…$$ on their own. A dollar sign is
   a price, a shell variable or a currency far more often than mathematics, and \[…\] may be an escaped bracket:
   what is doubtful stays text.
     $…$    Pandoc's rule: no space inside next to either sign, no digit after the closing one; besides, no letter
            or digit before the opening one, and after the closing one none but an ending ("the $n$th", "$x$s").
     prose  two plain words side by side, a joining word, amounts in a row ("$5, 6$") or an amount with a word ("$5
            each, 6$") make no formula; words in \text{…} and the like do not count.
     \[…\]  holds a sign of mathematics: \[1\] and \[sic\] are brackets. \(…\) holds more than one plain word. */

const DISPLAY_DOLLARS = /\$\$((?:[^$\\]|\\[^]){1,2000})\$\$(?!\$)/y;
const DOLLARS = /\$(?![\s$])((?:[^$\\`]|\\[^]){1,2000})(?<!\s)\$(?![${])/y;
const BRACKETS = /\\\[((?:\\\\|\\(?![[\]\\])|[^\\]){1,2000})\\\]/y;
const PARENTHESES = /\\\(((?:\\\\|\\(?![()\\])|[^\\]){1,2000})\\\)/y;

const NAMES = /^(?:arccos|arcsin|arctan|argmax|argmin|cos|cosh|cot|deg|det|dim|div|exp|gcd|inf|ker|lcm|lim|log|max|min|mod|sin|sinh|sup|tan|tanh|var)$/i;
const JOINING = /(?<![\p{L}\\])(?:and|are|but|each|for|from|is|of|or|per|the|to|was|with|you)(?!\p{L})/iu;
const AMOUNTS = /^[\d.]+\s*[,;]\s+[\d.,;\s]+$/;
const SIGN = /[\\^_=+<>≤≥≠≈∈∉⊂∪∩∀∃∑∏∫√×·÷±→⇒∞|/*]/;
const ENDING = /^(?:st|nd|rd|th|s|D)(?!\p{L})/u;

/** Whether a text may hold a formula at all; cheap, for deciding whether to look. */
export const mayHoldFormula = (text) => /\$|\\[([]/.test(text);

/**
 * The formulas of `text` in order: [{start, end, source, isDisplay}], source without its delimiters. In a text that
 * is still growing (`isGrowing`) a closing dollar sign counts only when it is known what follows it.
 */
export function findFormulas(text, { isGrowing = false } = {}) {
  const found = [];
  for (let at = 0; at < text.length;) {
    const formula = formulaAt(text, at, isGrowing);
    if (formula) found.push(formula);
    if (formula) at = formula.end;
    else if (text[at] === "\\") at += 2;
    else at += text.startsWith("$$", at) ? 2 : 1;
  }
  return found;
}

function formulaAt(text, at, isGrowing) {
  if (text[at] === "\\") return bracketed(text, at);
  return text[at] === "$" ? dollars(text, at, isGrowing) : null;
}

function bracketed(text, at) {
  const display = take(BRACKETS, text, at, true);
  if (display) return SIGN.test(display.source) && !isProse(display.source) ? display : null;
  const inline = take(PARENTHESES, text, at, false);
  return inline && !isProse(inline.source) && !/^\s*\p{L}{4,}\s*$/u.test(inline.source) ? inline : null;
}

function dollars(text, at, isGrowing) {
  const display = take(DISPLAY_DOLLARS, text, at, true);
  if (display) return isProse(display.source) ? null : display;
  if (/[\p{L}\d$]/u.test(text[at - 1] ?? "")) return null;
  const inline = take(DOLLARS, text, at, false);
  if (!inline || isProse(inline.source)) return null;
  const after = text.slice(inline.end, inline.end + 4);
  if (isGrowing && after === "") return null;
  if (/^[\p{L}\d]/u.test(after) && (!ENDING.test(after) || /[,;:=([/+*-]$/.test(inline.source))) return null;
  return inline;
}

function take(pattern, text, at, isDisplay) {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (!match || /\n\s*\n/.test(match[1]) || !match[1].trim()) return null;
  return { start: at, end: pattern.lastIndex, source: match[1], isDisplay };
}

function isProse(source) {
  const bare = source.replace(/\\(?:text|math|operatorname|begin|end|label|tag|mbox|color)\w*\*?\s*\{[^{}]*\}/g, " ").replace(/\\[a-zA-Z]+/g, " ");
  const words = (bare.match(/(?<![\p{L}\d_^])\p{L}{3,}(?![\p{L}\d_^(])/gu) ?? []).filter((word) => !NAMES.test(word));
  return JOINING.test(bare) || AMOUNTS.test(source) || (/^\s*\d/.test(bare) && words.length > 0) || /\p{L}{2,}[,;:.]?\s+\p{L}{2,}/u.test(withoutNames(bare));
}

const withoutNames = (text) => text.replace(/\p{L}+/gu, (word) => (NAMES.test(word) ? " " : word));
