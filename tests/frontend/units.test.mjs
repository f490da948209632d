/* The pure parts: finding quotations, reading event streams. Run by `node --test`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findQuotes, reduce } from "../../frontend/quotes.js";

globalThis.location = { href: "https://tool.example/s/a1/tutor", origin: "https://tool.example" };
const { credentialHeaders, adopt, eventParser, sessionOf } = await import("../../frontend/net.js");

const marked = (pieces, quotes) => findQuotes(pieces, quotes).map(({ piece, start, end }) => pieces[piece].slice(start, end));

test("a sentence is found over lines, spaces, hyphens, ligatures, quotation marks and accents", () => {
  const pieces = ["It says: the ﬁrst “diffi", "culty” is a cafe\u0301, so re-", "read it.  Then"];
  assert.deepEqual(marked(pieces, ['The first "difficulty" is a café, so reread it.']),
    ["the ﬁrst “diffi", "culty” is a cafe\u0301, so re-", "read it."]);
});

test("the closing stop belongs to the sentence, the next word does not", () => {
  assert.deepEqual(marked(["One. Two words here. Three."], ["two words here"]), ["Two words here."]);
});

test("a sentence broken by a running head is found in its parts", () => {
  const pieces = ["the parameter t and the variable", "8.13 LIST ARGUMENTS 101", "letters are aliases for the same object."];
  assert.deepEqual(marked(pieces, ["The parameter t and the variable letters are aliases for the same object."]),
    ["the parameter t and the variable", "letters are aliases for the same object."]);
});

test("the beginning of a sentence that goes on overleaf is marked", () => {
  assert.deepEqual(marked(["Before. An object with more than one name"], ["An object with more than one name is said to be aliased."]),
    ["An object with more than one name"]);
});

test("what is not there is not marked, nor what is too short to tell", () => {
  assert.deepEqual(marked(["A page about something else, the list is long"], ["The list of names is short here"]), []);
  assert.deepEqual(marked(["anything"], ["", "…"]), []);
});

test("letters of other scripts count, and those outside the first plane", () => {
  assert.deepEqual(marked(["قائمة الأسماء 𝒙 طويلة جدا"], ["قائمة الأسماء x طويلة"]), ["قائمة الأسماء 𝒙 طويلة"]);
  assert.equal(reduce("𝒙=1").letters, "x1");
});

test("two sentences that touch or overlap are one mark", () => {
  assert.deepEqual(marked(["One two three four five six seven"], ["two three four five", "four five six seven"]), ["two three four five six seven"]);
});

test("an event stream is read in pieces of any size", () => {
  const text = ": hello\r\nevent: sources\r\ndata: [1]\r\n\r\ndata: a\ndata:b\nid: 7\n\n\ndata: last\n\nevent: nothing\n\n";
  for (let size = 1; size < text.length; size += 1) {
    const events = [], feed = eventParser((event) => events.push(event));
    for (let at = 0; at < text.length; at += size) feed(text.slice(at, at + size));
    assert.deepEqual(events, [
      { event: "sources", data: "[1]", id: null }, { event: "message", data: "a\nb", id: "7" }, { event: "message", data: "last", id: "7" },
    ], `size ${size}`);
  }
});

test("the token goes to its own session's addresses only", () => {
  adopt("a1", "token");
  assert.deepEqual(credentialHeaders("/s/a1/tutor"), { Authorization: "Bearer token" });
  for (const other of ["/s/b2/tutor", "/help", "https://elsewhere.example/s/a1/tutor"]) assert.deepEqual(credentialHeaders(other, "POST"), {});
  assert.equal(sessionOf("/s/a1/x"), "a1");
  assert.equal(sessionOf("https://elsewhere.example/s/a1/x"), null);
});
