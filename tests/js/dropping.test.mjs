/** Files that fall onto the page: none opens in its place, and those of the open channel are taken wherever they fall. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Dropping, GONE_MS } from "../../static/webchat/js/view/dropping.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock } from "./fakes.mjs";

const FILE = { name: "holiday.png", size: 10 };
const ABOVE = { closest: () => null };

let listeners;
let dialog;
let mayTake;
let taken;
let clock;

const isOutlined = () => document.getElementById("conversation").classList.contains("is-target");

beforeEach(() => {
  [listeners, dialog, mayTake, taken] = [new Map(), null, true, []];
  globalThis.document = Object.assign(documentDouble("conversation"), {
    addEventListener: (name, act) => listeners.set(name, act),
    querySelector: () => dialog,
  });
  clock = new FakeClock();
  new Dropping({ mayTake: () => mayTake, take: (files) => taken.push(...files) }, clock);
});

afterEach(() => {
  delete globalThis.document;
});

/** `isKept`: the browser does nothing of its own; `effect`: what the pointer says. */
function happens(name, { types = ["Files"], files = [FILE], target = ABOVE } = {}) {
  let isKept = false;
  const dataTransfer = { types, files, dropEffect: "" };
  listeners.get(name)({ dataTransfer, target, preventDefault: () => (isKept = true) });
  return { isKept, effect: dataTransfer.dropEffect };
}

test("what falls anywhere on the page is for the open channel", () => {
  assert.deepEqual(happens("dragover"), { isKept: true, effect: "copy" });
  assert.equal(happens("drop").isKept, true);
  assert.deepEqual(taken, [FILE]);
});

test("without a channel, or behind a question, nothing is taken, and nothing opens in the page's place", () => {
  for (const set of [() => (mayTake = false), () => ((mayTake = true), (dialog = {}))]) {
    set();
    assert.deepEqual(happens("dragover"), { isKept: true, effect: "none" });
    assert.equal(happens("drop").isKept, true);
    assert.equal(isOutlined(), false);
  }
  assert.deepEqual(taken, []);
});

test("text that is dragged, and a field for files, are the browser's", () => {
  for (const its of [{ types: ["text/plain"], files: [] }, { target: { closest: () => ({}) } }])
    for (const name of ["dragover", "drop"]) assert.deepEqual(happens(name, its), { isKept: false, effect: "" });
  assert.deepEqual([taken, isOutlined()], [[], false]);
});

test("a picture of a message that is dragged on the page is not shared once more", () => {
  for (const end of ["dragend", "pointermove"]) {
    taken = [];
    listeners.get("dragstart")({});
    assert.deepEqual(happens("dragover", { types: ["text/uri-list", "Files"] }), { isKept: true, effect: "none" });
    happens("drop", { types: ["text/uri-list", "Files"] });
    assert.deepEqual(taken, []);
    listeners.get(end)({});
    happens("drop");
    assert.deepEqual(taken, [FILE], end);
  }
});

test("where files go is outlined while they are above the page, until they fall or are gone", () => {
  happens("dragover");
  clock.pass(GONE_MS - 1);
  assert.equal(isOutlined(), true);
  happens("dragover");
  clock.pass(GONE_MS - 1);
  assert.equal(isOutlined(), true, "browsers tell of it again and again");
  clock.pass(1);
  assert.equal(isOutlined(), false);
  happens("dragover");
  happens("drop");
  assert.deepEqual([isOutlined(), clock.waiting], [false, 0]);
});
