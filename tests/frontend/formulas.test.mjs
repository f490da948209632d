/* What is a formula and what is a price, a shell variable or a bracket. Run by `node --test`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findFormulas, mayHoldFormula } from "../../frontend/formulas.js";

const cases = JSON.parse(readFileSync(new URL("formulas.json", import.meta.url), "utf8"));

for (const [text, formulas] of cases) {
  test(`${formulas.length} in ${JSON.stringify(text)}`, () => {
    const found = findFormulas(text);
    assert.deepEqual(found.map(({ start, end }) => text.slice(start, end)), formulas);
    assert.deepEqual(found.map(({ isDisplay }) => isDisplay), formulas.map((formula) => /^(\$\$|\\\[)/.test(formula)));
    for (const { source, start, end } of found) assert.ok(text.slice(start, end).includes(source) && !/^(\$|\\[([])/.test(source.replace("\\$", "")));
    if (formulas.length) assert.ok(mayHoldFormula(text));
  });
}

test("a growing text: only what is finished counts, at every length", () => {
  const text = "Between $5-$10: $x$ is \\(y\\), $$z = 1$$ and $n$th.";
  const last = findFormulas(text).map(({ source }) => source);
  assert.deepEqual(last, ["x", "y", "z = 1", "n"]);
  for (let length = 0; length < text.length; length += 1) {
    const sources = findFormulas(text.slice(0, length), { isGrowing: true }).map(({ source }) => source);
    assert.deepEqual(sources, last.slice(0, sources.length), text.slice(0, length));
  }
});

test("a hostile text takes no longer than any other", () => {
  for (const piece of ["\\[", "\\(", "$", "$a", "$$a", "\\[a ", "$ab cd", "\\\\"]) {
    const begin = performance.now();
    findFormulas(piece.repeat(20000));
    assert.ok(performance.now() - begin < 1000, piece);
  }
});
