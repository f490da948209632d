/* Finding quoted sentences in the text of a page. Extraction differs in spaces, hyphens, ligatures, quotation
   marks and accents, so both sides are reduced to their letters and digits, in lower case and without marks. */

const LEAST_LETTERS = 12;  // a shorter run of a broken quotation is as likely to be another place
const LEAST_WORDS = 3;

/** The letters and digits of `text`, and for each the index in `text` that it came from. */
export function reduce(text) {
  let letters = "";
  const origin = [];
  let index = 0;
  for (const character of text) {
    const bare = character.normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
    for (const letter of bare) {
      letters += letter;
      for (let unit = 0; unit < letter.length; unit += 1) origin.push(index);
    }
    index += character.length;
  }
  return { letters, origin };
}

/**
 * Where `quotes` stand in a page whose text comes in `pieces` (the text layer's items): a list of
 * {piece, start, end}, offsets in that piece, in page order and merged. A sentence that does not stand
 * there as a whole (page break, running head in between) is found by its longest runs of words.
 */
export function findQuotes(pieces, quotes) {
  const page = { letters: "", origin: [] };
  pieces.forEach((text, piece) => {
    const { letters, origin } = reduce(text);
    page.letters += letters;
    for (const offset of origin) page.origin.push([piece, offset]);
  });
  const spans = quotes.flatMap((quote) => spansOf(page.letters, quote));
  return pieceRanges(pieces, page.origin, merged(spans));
}

/* [from, to) in the page's letters */
function spansOf(haystack, quote) {
  const whole = reduce(quote).letters;
  if (!whole) return [];
  const at = haystack.indexOf(whole);
  if (at >= 0) return [[at, at + whole.length]];
  return runs(haystack, quote.split(/\s+/).map((word) => reduce(word).letters).filter(Boolean));
}

/* The longest run of consecutive words that the page holds, then the same before and after it. */
function runs(haystack, words) {
  let best = null;
  for (let first = 0; first < words.length; first += 1) {
    let run = "";
    for (let last = first; last < words.length; last += 1) {
      run += words[last];
      const at = haystack.indexOf(run);
      if (at < 0) break;
      if (!best || run.length > best.run.length) best = { first, last, run, at };
    }
  }
  if (!best || best.run.length < LEAST_LETTERS || best.last - best.first + 1 < LEAST_WORDS) return [];
  return [
    ...runs(haystack.slice(0, best.at), words.slice(0, best.first)),
    [best.at, best.at + best.run.length],
    ...runs(haystack.slice(best.at + best.run.length), words.slice(best.last + 1))
      .map(([from, to]) => [from + best.at + best.run.length, to + best.at + best.run.length]),
  ];
}

function merged(spans) {
  const result = [];
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/* Spans of letters as ranges of the pieces' own text; a range runs to the end of its last letter. */
function pieceRanges(pieces, origin, spans) {
  const ranges = [];
  for (const [from, to] of spans) {
    for (let index = from; index < to; index += 1) {
      const [piece, start] = origin[index];
      const end = start + String.fromCodePoint(pieces[piece].codePointAt(start)).length;
      const last = ranges.at(-1);
      if (last && last.piece === piece && last.span === from) last.end = end;
      else ranges.push({ piece, start, end, span: from });
    }
  }
  return ranges.map(({ piece, start, end }) => ({ piece, start, end: withClosing(pieces[piece], end) }));
}

/* The full stop or bracket that closes the quotation belongs to it, and the hyphen at a line's end. */
function withClosing(text, end) {
  return end + /^(?:[-‐\u00ad]$|[.,;:!?)\]’”"'»]*)/.exec(text.slice(end))[0].length;
}
