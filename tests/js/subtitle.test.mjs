/** The line under a channel's name claims nothing that the page can't know. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { subtitle } from "../../static/webchat/js/subtitle.js";

const own = { author: "a", own: true };
const other = { author: "b", own: false };
const whole = { join: null, older: "none" };
const part = { join: null, older: "idle" };

test("with the whole channel here it says who has written", () => {
  assert.equal(subtitle(whole, [own, own], true), "Only you have written here so far");
  assert.equal(subtitle(whole, [own, other], true), "2 people have written here");
  assert.equal(subtitle(whole, [other, other], true), "1 person has written here");
});

test("with a part of it here it speaks of that part", () => {
  assert.equal(subtitle(part, [own, other, own], true), "2 people wrote what is loaded here");
  assert.equal(subtitle(part, [own], true), "1 person wrote what is loaded here");
  assert.equal(subtitle({ ...part, older: "stuck" }, [other], true), "1 person wrote what is loaded here");
});

test("before the node is heard, and of an empty channel, it says nothing", () => {
  assert.equal(subtitle(whole, [own], false), "");
  assert.equal(subtitle(part, [own, other], false), "");
  assert.equal(subtitle(whole, [], true), "");
});

test("a join comes first", () => {
  assert.equal(subtitle({ ...whole, join: { state: "joining" } }, [own], true), "Joining…");
  assert.equal(subtitle({ ...whole, join: { state: "delayed" } }, [own], false), "Still connecting");
});
