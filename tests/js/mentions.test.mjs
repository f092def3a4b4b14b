/** Mentions, the local echo, and what a quote shows. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { echoBlocks } from "../../static/webchat/js/echo.js";
import { excerpt } from "../../static/webchat/js/excerpt.js";
import { fitting, fromWire, mentionPieces, PEOPLE_MAX, peopleOf, queryAt, toWire } from "../../static/webchat/js/mentions.js";

const id = (char) => char.repeat(40);
const names = new Map([[id("a"), "Ann"], [id("b"), "Bob"], [id("c"), "Bob"], [id("d"), "Zoë"], [id("e"), ""]]);
const people = peopleOf(names, id("a"));

test("people are by name, without oneself; two of one name are told apart", () => {
  assert.deepEqual(
    people.map(({ label, isTwin }) => [label, isTwin]),
    [["@Bob#bbbbbbbb", true], ["@Bob#cccccccc", true], ["@Zoë", false]],
  );
});

test("of two of one name the one whom the reader has verified comes first, however it is spelled", () => {
  const known = new Map([[id("b"), "Bert"], [id("c"), "bert"], [id("d"), "Anna"], [id("e"), "Zoë"]]);
  const chars = (list) => list.map((one) => one.id[0]).join("");
  assert.equal(chars(peopleOf(known, id("a"), (each) => each === id("c"))), "dcbe");
  assert.equal(chars(peopleOf(known, id("a"), (each) => each === id("b") || each === id("e"))), "dbce");
  assert.equal(chars(fitting(peopleOf(known, id("a"), (each) => each === id("c")), "be")), "cb");
});

test("an @ at the beginning of a word asks for people", () => {
  const asked = (text) => queryAt(text, text.length);
  assert.deepEqual(asked("@"), { from: 0, query: "" });
  assert.deepEqual(asked("hi @Zo"), { from: 3, query: "Zo" });
  assert.deepEqual(asked("(@b"), { from: 1, query: "b" });
  assert.deepEqual(asked("line\n@b"), { from: 5, query: "b" });
  for (const text of ["ann@example", "@zoë thanks", "<@", "nothing", "@".repeat(3)]) assert.equal(asked(text), null, text);
  assert.deepEqual(queryAt("@bo and more", 3), { from: 0, query: "bo" });
});

test("who begins so comes before who has it inside; a node id counts too", () => {
  const known = [{ id: id("1"), name: "Robin" }, { id: id("2"), name: "Bo" }, { id: "ab" + id("3").slice(2), name: "Kim" }];
  assert.deepEqual(fitting(known, "bo").map((one) => one.name), ["Bo"]);
  assert.deepEqual(fitting(known, "b").map((one) => one.name), ["Bo", "Robin"]);
  assert.deepEqual(fitting(known, "ab3").map((one) => one.name), ["Kim"]);
  assert.equal(fitting(known, "").length, 3);
  assert.equal(fitting(Array.from({ length: 50 }, () => known[0]), "r").length, PEOPLE_MAX);
});

test("only chosen labels are sent as mentions, and whole ones", () => {
  const chosen = new Map([["@Bob#bbbbbbbb", id("b")], ["@Zoë", id("d")], ["@Bob", id("c")]]);
  assert.equal(toWire("@Bob#bbbbbbbb, @Zoë!", chosen), `<@${id("b")}>, <@${id("d")}>!`);
  assert.equal(toWire("@Zoës @property @Bobby", chosen), "@Zoës @property @Bobby");
  assert.equal(toWire("(@Bob)", chosen), `(<@${id("c")}>)`);
});

test("what was sent is shown with names and sent again as it was", () => {
  const wire = `hi <@${id("b")}>, <@${id("d")}> and <@${id("f")}>`;
  const { text, chosen } = fromWire(wire, names);
  assert.equal(text, "hi @Bob#bbbbbbbb, @Zoë and @ffffffff");
  assert.equal(toWire(text, chosen), wire);
});

test("pieces of a text together are the text", () => {
  assert.deepEqual(mentionPieces(`a <@${id("b")}>`), [{ text: "a " }, { node: id("b") }]);
  assert.deepEqual(mentionPieces("<@short>"), [{ text: "<@short>" }]);
});

test("the echo has the blocks of the node's HTML: paragraphs, lines, code", () => {
  assert.deepEqual(echoBlocks("one\ntwo\n\n\n three \n"), [
    { lines: [[{ text: "one" }], [{ text: "two" }]] },
    { lines: [[{ text: "three" }]] },
  ]);
  assert.deepEqual(echoBlocks("see:\n```py\nx = 1\n\ny = 2\n```\nok"), [
    { lines: [[{ text: "see:" }]] },
    { code: "x = 1\n\ny = 2\n" },
    { lines: [[{ text: "ok" }]] },
  ]);
  assert.deepEqual(echoBlocks("```\nnot closed"), [{ lines: [[{ text: "```" }], [{ text: "not closed" }]] }]);
  const [{ lines }] = echoBlocks(`<@${id("b")}> https://a.example/`);
  assert.deepEqual(lines, [[{ node: id("b") }, { text: " " }, { text: "https://a.example/", href: "https://a.example/" }]]);
  assert.deepEqual(echoBlocks(""), []);
});

test("a quote shows one short line without marks, with names", () => {
  const nameOf = (node) => names.get(node);
  assert.equal(excerpt(`**Hi** <@${id("d")}>\n\n> \`quoted\` _twice_ snake_case_x 2*3*4`, nameOf), "Hi @Zoë quoted twice snake_case_x 2*3*4");
  assert.equal(excerpt("**bold `code` _and_ ~~more~~**", nameOf), "bold code and more");
  assert.equal(excerpt("```py\ncode()\n```", nameOf), "code()");
  const long = excerpt("x".repeat(1000), nameOf);
  assert.equal([...long].length, 140);
  assert.ok(long.endsWith("…"));
});
