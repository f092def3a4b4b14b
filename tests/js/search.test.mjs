/** Searching further back: what was found stays when the panel is closed, and the focus is never on nothing. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";
import { settle } from "./fakes.mjs";

const IDS = ["search-form", "search-words", "search-note", "search-found", "search-more"];

let asked;
let view;

const byId = (id) => document.getElementById(id);
const note = () => byId("search-note").textContent;
const found = () => byId("search-found").children.map((item) => item.told.message.id);
const button = (at) => byId("search-found").children[at].firstElementChild;
const message = (id) => ({ id, channel: "#a", author: "ab".repeat(20), name: "ann", text: `some words ${id}`, at_ms: 1_700_000_000_000 });

globalThis.document = documentDouble(...IDS);
const { SearchView } = await import("../../static/webchat/js/view/search.js");

beforeEach(() => {
  globalThis.document = documentDouble(...IDS);
  byId("search-words").select = () => {};
  byId("search-more").hidden = true; // as the template has it
  asked = [];
  view = new SearchView({
    search: (channel, words, before) => new Promise((resolve, reject) => asked.push({ channel, words, before, resolve, reject })),
    people: () => ({ nameOf: (id) => id, isBlocked: () => false }),
    nameOf: ({ name }) => name,
    who: ({ author, name }) => ({ id: author, name, picture: "" }),
    jump() {},
  });
  view.open("#a");
});

function begin(words) {
  byId("search-words").value = words;
  byId("search-form").fire("submit", { preventDefault() {} });
}

const press = () => byId("search-more").fire("click");

async function answer(at, next, ...ids) {
  await answerOf(100, at, next, ...ids);
}

async function answerOf(searched, at, next, ...ids) {
  asked[at].resolve({ messages: ids.map(message), searched, since_ms: 1_700_000_000_000, next });
  await settle();
}

test("opened again in the same channel it goes on where it was", async () => {
  begin("some");
  await answer(0, "t1", "m1");
  view.close();
  view.open("#a");
  assert.deepEqual([found(), byId("search-more").hidden], [["m1"], false]);
  press();
  assert.deepEqual(asked.map(({ words, before }) => [words, before]), [["some", null], ["some", "t1"]]);
  await answer(1, null, "m2");
  assert.deepEqual([found(), byId("search-more").hidden], [["m1", "m2"], true]);
});

test("closed while it searches it says in the end what it found", async () => {
  begin("some");
  view.close();
  view.open("#a");
  assert.match(note(), /^Searching/);
  await answer(0, null, "m1");
  assert.match(note(), /^1 found in all 100/);
  assert.deepEqual(found(), ["m1"]);
});

test("how much was searched is said in a number's own form", async () => {
  begin("some");
  await answerOf(1, 0, null, "m1");
  assert.equal(note(), "1 found in the only message that your node holds");
  begin("some");
  await answerOf(1, 1, null);
  assert.equal(note(), "0 found in the only message that your node holds");
  begin("some");
  await answerOf(2, 2, null, "m1");
  assert.equal(note(), "1 found in all 2 messages that your node holds");
});

test("in another channel it begins anew, and an answer for the first one is dropped", async () => {
  begin("some");
  view.close();
  view.open("#b");
  await answer(0, "t1", "m1");
  assert.deepEqual([found(), note(), byId("search-more").hidden], [[], "", true]);
  begin("some");
  assert.deepEqual(asked.map(({ channel }) => channel), ["#a", "#b"]);
});

test("the button is pressed once at a time, and again after a search that failed", async () => {
  begin("some");
  await answer(0, "t1", "m1");
  press();
  press();
  assert.deepEqual([asked.length, byId("search-more").getAttribute("aria-disabled")], [2, "true"]);
  asked[1].reject(new Error("the node is busy"));
  await settle();
  assert.match(note(), /the node is busy/);
  assert.deepEqual([byId("search-more").hidden, byId("search-more").getAttribute("aria-disabled")], [false, "false"]);
  press();
  assert.deepEqual([asked.length, asked[2].before], [3, "t1"]);
});

test("who pressed the button goes on at the first that it brought", async () => {
  begin("some");
  await answer(0, "t1", "m1");
  byId("search-more").focus();
  press();
  assert.equal(document.activeElement, byId("search-more"));
  await answer(1, "t2", "m2", "m3");
  assert.equal(document.activeElement, button(1));
});

test("where nothing more is found the focus stays on the button, or goes to the last before it goes away", async () => {
  begin("some");
  await answer(0, "t1", "m1");
  byId("search-more").focus();
  press();
  await answer(1, "t2");
  assert.equal(document.activeElement, byId("search-more"));
  press();
  await answer(2, null);
  assert.deepEqual([document.activeElement, byId("search-more").hidden], [button(0), true]);
});

test("where nothing at all is found the focus goes to the words; a focus elsewhere stays", async () => {
  begin("some");
  await answer(0, "t1");
  byId("search-more").focus();
  press();
  await answer(1, null);
  assert.equal(document.activeElement, byId("search-words"));
  begin("some");
  await answer(2, "t1", "m1");
  button(0).focus();
  press();
  await answer(3, null, "m2");
  assert.equal(document.activeElement, button(0));
});
