/** One dialog for all questions: each is answered for itself, whoever asks meanwhile. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { AskCard, QUESTIONS_MAX } from "../../static/webchat/js/view/askcard.js";
import { documentDouble } from "./domdouble.mjs";
import { settle } from "./fakes.mjs";

let card;
let dialog;

const title = () => document.getElementById("ask-title").textContent;

beforeEach(() => {
  globalThis.document = documentDouble("ask-card", "ask-title", "ask-text", "ask-yes", "ask-keep", "ask-no");
  dialog = document.getElementById("ask-card");
  const showModal = () => {
    assert.equal(dialog.open, false);
    dialog.open = true;
  };
  Object.assign(dialog, { open: false, showModal, returnValue: "" });
  card = new AskCard();
});

afterEach(() => {
  delete globalThis.document;
});

async function answer(value) {
  dialog.returnValue = value;
  dialog.open = false;
  dialog.fire("close", {});
  await settle();
}

test("a question waits for the one that is open, whose words stay and whose answer is its own", async () => {
  const answers = [];
  card.ask("delete").then((is) => answers.push(`delete ${is}`));
  const asked = title();
  card.ask("follow", { channel: "#a" }).then((is) => answers.push(`follow ${is}`));
  assert.equal(title(), asked);
  await answer("yes");
  assert.deepEqual([answers, dialog.open], [["delete true"], true]);
  assert.match(title(), /#a/);
  await answer("");
  assert.deepEqual([answers, dialog.open], [["delete true", "follow false"], false]);
});

test("no answer of one question is left over for the next", async () => {
  const first = card.choose("signout", { n: 1 });
  const second = card.choose("delete");
  await answer("keep");
  assert.deepEqual([await first, dialog.returnValue, document.getElementById("ask-keep").hidden], ["keep", "", true]);
  await answer("");
  assert.equal(await second, "");
});

test("only so many questions wait: one more is answered with no", async () => {
  const asked = Array.from({ length: QUESTIONS_MAX }, () => card.ask("delete"));
  assert.equal(await card.ask("delete"), false);
  for (let n = 0; n < QUESTIONS_MAX; n += 1) await answer("yes");
  assert.deepEqual([await Promise.all(asked), dialog.open], [asked.map(() => true), false]);
});
