/** "Outbox (n)": whatever else changes while it is open, a button stays that of its message. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { OutboxCard } from "../../static/webchat/js/view/outboxcard.js";
import { documentDouble } from "./domdouble.mjs";

const waiting = (id) => ({ id, channel: "#a", text: id, kind: "text", state: "pending", phase: "queued", stage: 0 });
const failed = (id) => ({ ...waiting(id), state: "failed", error: { code: "NO_QUORUM", message: "m", remedy: "r" } });

let unsent;
let card;
let list;
let dialog;

const draw = (...entries) => {
  unsent = entries;
  card.redraw();
};
const button = (id, action) => list.all("button").find(({ dataset }) => dataset.id === id && dataset.action === action);
const words = () => list.children.map((item) => item.all("span")[0].textContent);

beforeEach(() => {
  globalThis.document = documentDouble("outbox", "outbox-card", "outbox-list", "outbox-title", "outbox-retry");
  globalThis.requestAnimationFrame = (run) => run();
  dialog = document.getElementById("outbox-card");
  list = document.getElementById("outbox-list");
  dialog.append(list);
  Object.assign(dialog, { open: false, showModal: () => (dialog.open = true), close: () => (dialog.open = false) });
  unsent = ["one", "two", "three"].map(waiting);
  card = new OutboxCard({ unsent: () => unsent, wordsOf: ({ text }) => text, now_ms: () => 0, act() {}, actOnAll() {} });
  card.open();
});

afterEach(() => {
  delete globalThis.document;
  delete globalThis.requestAnimationFrame;
});

test("a button keeps its element and the focus while others come, change and go", () => {
  const cancel = button("two", "cancel");
  cancel.focus();
  draw(failed("one"), waiting("two"), waiting("three"), waiting("four"));
  draw(waiting("two"), waiting("four"));
  assert.equal(button("two", "cancel"), cancel);
  assert.equal(document.activeElement, cancel);
  assert.deepEqual(words(), ["two", "four"]);
});

test("with its entry, or its own button, gone the focus is on none of another's", () => {
  button("two", "cancel").focus();
  draw(waiting("one"), waiting("three"));
  assert.equal(document.activeElement, dialog);
  button("three", "cancel").focus();
  draw(waiting("one"), failed("three"));
  assert.equal(document.activeElement, dialog);
});

test("what an entry says and offers is what holds now", () => {
  draw(waiting("one"), failed("two"));
  assert.deepEqual(list.all("button").map(({ dataset }) => [dataset.id, dataset.action].join(" ")), [
    "one cancel",
    "two retry",
    "two discard",
  ]);
  draw(waiting("two"));
  assert.deepEqual(list.all("button").map(({ dataset }) => dataset.action), ["cancel"]);
  draw();
  assert.equal(dialog.open, false);
});

test("all are retried only where one doesn't go out by itself, and the focus stays in the list", () => {
  const retryAll = document.getElementById("outbox-retry");
  assert.equal(retryAll.hidden, true);
  draw(waiting("one"), failed("two"));
  assert.equal(retryAll.hidden, false);
  retryAll.focus();
  draw(waiting("one"), waiting("two"));
  assert.equal(retryAll.hidden, true);
  assert.equal(document.activeElement, dialog);
  draw({ ...waiting("one"), phase: "asking", at_ms: 0 });
  assert.equal(retryAll.hidden, false);
});

test("the order is that of the outbox", () => {
  draw(waiting("three"), waiting("new"), waiting("one"));
  assert.deepEqual(words(), ["three", "new", "one"]);
});
