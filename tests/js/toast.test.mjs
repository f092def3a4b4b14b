/** Words that go away by themselves: none takes another's place before its time, and there are never too many. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { h } from "../../static/webchat/js/view/dom.js";
import { Toast, TOASTS_MAX } from "../../static/webchat/js/view/toast.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock } from "./fakes.mjs";

let clock;
let place;
let toast;
let focused;
let undone;

beforeEach(() => {
  globalThis.document = documentDouble("toasts", "messages");
  place = document.getElementById("toasts");
  clock = new FakeClock();
  focused = 0;
  undone = [];
  toast = new Toast(() => (focused += 1), clock);
});

afterEach(() => {
  delete globalThis.document;
});

const texts = () => place.children.map((each) => each.all("p")[0].textContent);
const offer = (name) => toast.offer(name, "Undo", () => undone.push(name));
const press = (at, name) => place.children[at].all("button").find((each) => (each.getAttribute("aria-label") ?? each.textContent) === name).fire("click");

test("a second offer leaves the first one there; each brings back its own", () => {
  offer("one");
  offer("two");
  toast.tell("three");
  assert.deepEqual(texts(), ["one", "two", "three"]);
  press(0, "Undo");
  press(0, "Undo");
  assert.deepEqual([undone, texts()], [["one", "two"], ["three"]]);
});

test("each goes by itself after its own time, and gives the focus on if it had it", () => {
  offer("one");
  clock.pass(3000);
  toast.trouble({ code: "X", message: "two", remedy: "do" });
  clock.pass(2000);
  assert.deepEqual([texts(), focused], [["two. do X"], 1]);
  clock.pass(10_000);
  assert.deepEqual([texts(), focused, clock.waiting], [[], 1, 0]);
});

test("who offers something hears when nobody can take it any more, however it went, and only then", () => {
  const missed = [];
  const offered = (name) => toast.offer(name, "Undo", () => undone.push(name), () => missed.push(name));
  for (const name of ["taken", "closed", "late"]) offered(name);
  press(0, "Undo");
  press(0, "Dismiss");
  assert.deepEqual([undone, missed], [["taken"], ["closed"]]);
  clock.pass(5000);
  assert.deepEqual([undone, missed], [["taken"], ["closed", "late"]]);
});

test("there is a bound: what offers nothing goes first, then the oldest", () => {
  toast.tell("word");
  for (let n = 0; n < TOASTS_MAX; n += 1) offer(`offer ${n}`);
  assert.deepEqual(texts(), ["offer 0", "offer 1", "offer 2", "offer 3", "offer 4"]);
  offer("more");
  assert.deepEqual(texts(), ["offer 1", "offer 2", "offer 3", "offer 4", "more"]);
  assert.equal(clock.waiting, TOASTS_MAX);
});

test("what is said again is there once; what can be taken back is counted", () => {
  for (let n = 0; n < 2; n += 1) toast.trouble({ code: "X", message: "same", remedy: "do" });
  for (let n = 0; n < 2; n += 1) offer("same");
  assert.deepEqual(texts(), ["same. do X", "same", "same"]);
});

/** What the server has put into the page: [level, words]. */
function takeOver(...words) {
  const given = document.getElementById("messages");
  for (const [level, text] of words) given.append(h("p", { "data-level": level }, text));
  toast.takeOver(given);
  assert.deepEqual(given.children, []);
}

test("what the server has done goes by itself, what it warns of stays until it is sent away", () => {
  takeOver(["success", "done"], ["warning", "one"], ["error", "two"]);
  assert.deepEqual([texts(), clock.waiting], [["done", "one", "two"], 1]);
  clock.pass(24 * 3_600_000);
  assert.deepEqual(texts(), ["one", "two"]);
  press(0, "Dismiss");
  assert.deepEqual([toast.closeNewest(), texts(), clock.waiting], [true, [], 0]);
});

test("what stays is not pushed out by words that go, but there is a bound", () => {
  takeOver(["warning", "one"], ["success", "two"]);
  for (let n = 0; n < TOASTS_MAX; n += 1) toast.tell(`word ${n}`);
  assert.deepEqual(texts(), ["one", "word 1", "word 2", "word 3", "word 4"]);
  takeOver(...Array.from({ length: TOASTS_MAX }, (_, n) => ["error", `error ${n}`]));
  assert.deepEqual([texts(), clock.waiting], [Array.from({ length: TOASTS_MAX }, (_, n) => `error ${n}`), 0]);
});

test("in a tab that nobody looks at no word's time begins before somebody does", () => {
  document.hidden = true;
  takeOver(["success", "done"]);
  toast.trouble({ code: "X", message: "two", remedy: "do" });
  clock.pass(60_000);
  assert.deepEqual(texts(), ["done", "two. do X"]);
  document.hidden = false;
  for (let n = 0; n < 2; n += 1) document.fire("visibilitychange", {});
  clock.pass(12_000);
  assert.deepEqual(texts(), ["done"]);
  clock.pass(18_000);
  assert.deepEqual([texts(), clock.waiting], [[], 0]);
});

test("any can be sent away, the newest without looking for its button", () => {
  offer("one");
  toast.suggest("two", "Allow", () => {});
  toast.tell("three");
  press(1, "Dismiss");
  assert.deepEqual(texts(), ["one", "three"]);
  assert.deepEqual([toast.closeNewest(), texts()], [true, ["one"]]);
  assert.deepEqual([toast.closeNewest(), toast.closeNewest(), texts(), undone], [true, false, [], []]);
});

test("what the server has put into the page is told here, once, long enough to be read, and can be sent away", () => {
  const put = document.getElementById("messages");
  for (const words of ["Your password is changed.", "Other devices are signed out."]) {
    const said = document.createElement("p");
    said.textContent = words;
    put.append(said);
  }
  toast.takeOver(put);
  assert.deepEqual([texts(), put.children], [["Your password is changed.", "Other devices are signed out."], []]);
  toast.takeOver(put);
  press(0, "Dismiss");
  assert.deepEqual(texts(), ["Other devices are signed out."]);
  clock.pass(20_000);
  assert.equal(texts().length, 1);
  clock.pass(10_000);
  assert.deepEqual([texts(), clock.waiting], [[], 0]);
});
