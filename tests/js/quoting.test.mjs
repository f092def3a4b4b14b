/** A message in a quote and in what a search found: names for ids, no marks, nothing of those whom one has blocked. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { beginningOf, found, quoted } from "../../static/webchat/js/quoting.js";

const ANN = "a".repeat(40);
const BOB = "b".repeat(40);
const people = (...blocked) => ({ nameOf: (id) => (id === ANN ? "Ann" : "Bob"), isBlocked: (id) => blocked.includes(id) });
const message = (text, its = {}) => ({ author: BOB, text, ...its });
const shown = (pieces) => pieces.map(({ text, isMarked }) => (isMarked ? `[${text}]` : text)).join("");

test("what was found is shown with names and without marks, each of the words marked", () => {
  const words = shown(found(message(`**Look** <@${ANN}>: \`code\`\n> and look`), "look ann", people()));
  assert.equal(words, "[Look] @[Ann]: code and [look]");
  assert.equal(shown(found(message("1+1 (two)"), "+1 (", people())), "1[+1] [(]two)");
});

test("a long one is shown around the first of the words", () => {
  const words = shown(found(message(`${"a ".repeat(300)}here${" b".repeat(300)}`), "here", people()));
  assert.match(words, /^…[a ]{70,90}\[here\][b ]{140,160}…$/);
  assert.equal(shown(found(message("not here"), "elsewhere", people())), "not here");
});

test("a file is found by its name, which is shown as it is, with the words marked", () => {
  const file = (name, text = "") => message(text, { file: { name } });
  assert.equal(shown(found(file("Garden plan.pdf"), "plan", people())), "Garden [plan].pdf");
  assert.equal(shown(found(file("__init__.py"), "init py", people())), "__[init]__.[py]");
  assert.equal(shown(found(file("beds.png", "the **beds**"), "beds", people())), "the [beds] [beds].png");
  assert.equal(shown(found(file("beds.png", "in May"), "beds may", people())), "in [May] [beds].png");
  assert.match(shown(found(file(`${"a ".repeat(300)}plan.pdf`), "plan", people())), /^…[a ]+\[plan\]\.pdf$/);
  assert.equal(shown(found(file("plan.pdf"), "plan", people(BOB))), "a message of somebody whom you blocked");
});

test("nothing of a blocked author is in a search or a quote, unless that message was asked for", () => {
  const said = message("secret", { file: { name: "secret.txt" } });
  const blocked = people(BOB);
  const hushed = "a message of somebody whom you blocked";
  assert.equal(shown(found(said, "secret", blocked)), hushed);
  assert.deepEqual(quoted(said, blocked), { name: "Bob", text: hushed });
  assert.equal(beginningOf(said, blocked), hushed);
  assert.equal(shown(found({ ...said, shown: true }, "secret", blocked)), "[secret] [secret].txt");
  assert.deepEqual(quoted({ ...said, shown: true }, blocked), { name: "Bob", text: "secret" });
  assert.equal(quoted(said, people(ANN)).text, "secret");
});

test("a quote of a file is its name, of a deleted message that it is deleted", () => {
  assert.equal(quoted(message("", { file: { name: "a.txt" } }), people()).text, "a.txt");
  assert.equal(quoted(message("", { deleted: true }), people(BOB)).text, "a deleted message");
});
