/** The message field: what Enter does with a keyboard and with a touchscreen alone, and that the field says so. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { ComposerView } from "../../static/webchat/js/view/composer.js";
import { documentDouble } from "./domdouble.mjs";

const IDS = ["composer", "composer-label", "composer-text", "composer-note", "composer-keys", "composer-touch", "send"];
const OF_LISTS = ["about", "about-title", "about-text", "about-end", "mention-list", "mention-count"];
const CHANNEL = "#a";

let pointers;
let sent;
let field;

beforeEach(() => {
  globalThis.document = documentDouble(...IDS, ...OF_LISTS);
  pointers = { "(pointer: coarse)": false, "(any-pointer: fine)": true };
  const told = [];
  const query = (name) => ({
    get matches() {
      return pointers[name];
    },
    addEventListener: (_, act) => told.push(act),
  });
  globalThis.window = { matchMedia: query };
  pointers.change = (its) => {
    Object.assign(pointers, its);
    for (const act of told) act();
  };
  field = document.getElementById("composer-text");
  Object.assign(field, { value: "", style: {}, scrollHeight: 20, selectionStart: 0, selectionEnd: 0 });
  document.getElementById("mention-list").hidden = true;
  sent = [];
  const kept = new Map();
  const view = new ComposerView({
    send: (channel, text) => sent.push(text),
    drafts: { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) },
    max_bytes: 1000,
    names: () => new Map(),
    me: () => "me",
    who: () => ({ isVerified: false }),
    lastOwn: () => null,
    nameOf: () => "",
    excerptOf: () => "",
  });
  view.show(CHANNEL);
});

afterEach(() => {
  delete globalThis.document;
  delete globalThis.window;
});

/** Whether the page keeps the key from the browser, which would begin a line. */
function enter(its = {}) {
  let isTaken = false;
  field.value = "hello";
  const event = { key: "Enter", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, isComposing: false };
  field.fire("keydown", { ...event, ...its, preventDefault: () => (isTaken = true), stopPropagation() {} });
  return isTaken;
}

const press = () => document.getElementById("composer").fire("submit", { preventDefault() {} });
const told = () => {
  const shown = ["composer-keys", "composer-touch"].filter((id) => !document.getElementById(id).hidden);
  return [field.getAttribute("enterkeyhint"), shown.join(), field.getAttribute("aria-describedby").split(" ").at(-1)];
};
const touchAlone = { "(pointer: coarse)": true, "(any-pointer: fine)": false };

test("with a keyboard Enter sends, with Shift it begins a line, and the field says so", () => {
  assert.equal(enter({ shiftKey: true }), false);
  assert.equal(enter({ isComposing: true }), false);
  assert.deepEqual(sent, []);
  assert.equal(enter(), true);
  assert.deepEqual([sent, field.value], [["hello"], ""]);
  assert.deepEqual(told(), ["send", "composer-keys", "composer-keys"]);
});

test("with a touchscreen alone Enter begins a line and the button sends, and the field says so", () => {
  pointers.change(touchAlone);
  assert.equal(enter(), false);
  assert.deepEqual([sent, field.value], [[], "hello"]);
  press();
  assert.deepEqual([sent, field.value], [["hello"], ""]);
  assert.deepEqual(told(), ["enter", "composer-touch", "composer-touch"]);
});

test("a keyboard that is attached to a touchscreen sends with Ctrl or Command", () => {
  pointers.change(touchAlone);
  assert.deepEqual([enter({ ctrlKey: true }), enter({ metaKey: true })], [true, true]);
  assert.deepEqual(sent, ["hello", "hello"]);
});

test("where there is a mouse as well as a touchscreen there is a keyboard, and a mouse may come and go", () => {
  pointers.change({ ...touchAlone, "(any-pointer: fine)": true });
  assert.equal(enter(), true);
  pointers.change(touchAlone);
  assert.equal(enter(), false);
  pointers.change({ "(pointer: coarse)": false, "(any-pointer: fine)": true });
  assert.deepEqual([enter(), told()[0]], [true, "send"]);
  assert.deepEqual(sent, ["hello", "hello"]);
});
