/** What a browser keeps of an account goes when the server says so, and nobody else's with it. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { forgetTold } from "../../static/webchat/js/forgetting.js";
import { storageOver } from "./storagedouble.mjs";

let kept;
let dropped;
let storage;
let databases;

beforeEach(() => {
  kept = new Map(["1", "12", "2"].map((account) => [`starling ${account} draft #a`, "unfinished"]));
  dropped = [];
  databases = { deleteDatabase: (name) => dropped.push(name) };
  storage = storageOver(kept);
});

const drafts = () => [...kept.keys()].filter((key) => key.includes("draft"));

function told(cookie) {
  const page = { cookie };
  forgetTold("starling_forget_8000", page, storage, databases);
  return page.cookie;
}

test("without a word nothing goes, nor at the word of the server on another port", () => {
  for (const cookie of ["", "starling_forget_8001=1.all", "not_starling_forget_8000=1.all"]) assert.equal(told(cookie), cookie);
  assert.deepEqual([drafts().length, dropped], [3, []]);
});

test("who has signed out leaves drafts to nobody; what is unsent still goes out", () => {
  const cookie = told("starling_language=de; starling_forget_8000=1.drafts");
  assert.deepEqual([drafts(), dropped], [["starling 12 draft #a", "starling 2 draft #a"], []]);
  assert.match(cookie, /^starling_forget_8000=; .*max-age=0/); // once is enough
});

test("an account that has ended leaves nothing, and several are told of at once", () => {
  told("starling_forget_8000=12.drafts&2.all");
  assert.deepEqual([drafts(), dropped], [["starling 1 draft #a"], ["starling-outbox-2"]]);
});

test("what is no such word does no harm", () => {
  told("starling_forget_8000=x.all&.drafts&1.everything");
  assert.deepEqual([drafts().length, dropped], [3, []]);
});

test("where the browser's room is used up it goes all the same", () => {
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  told("starling_forget_8000=1.drafts");
  assert.deepEqual(drafts(), ["starling 12 draft #a", "starling 2 draft #a"]);
});
