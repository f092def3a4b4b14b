/** The line under a channel's name claims nothing that the page can't know. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isEmpty, subtitle } from "../../static/webchat/js/subtitle.js";

const own = { author: "a", own: true };
const other = { author: "b", own: false };
const whole = { join: null, older: "none" };
const part = { join: null, older: "idle" };

test("with all that the node has here it says who has written", () => {
  assert.equal(subtitle(whole, [own, own], true), "Your node has only your own messages");
  assert.equal(subtitle(whole, [own, other], true), "Your node has messages of 2 people");
  assert.equal(subtitle(whole, [other, other], true), "Your node has messages of 1 person");
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

test("a channel is called empty only once the node has told that it has nothing of it", () => {
  assert.equal(isEmpty(whole, [], true), true);
  assert.equal(isEmpty(part, [], true), true, "a snapshot without messages leaves it so");
  assert.equal(isEmpty({ ...whole, join: { state: "joined" } }, [], true), true);
  assert.equal(isEmpty(whole, [], false), false, "the node has not been heard");
  assert.equal(isEmpty({ ...whole, older: "loading" }, [], true), false, "its newest page is on its way");
  assert.equal(isEmpty({ ...whole, older: "stuck" }, [], true), false, "and could not be had");
  assert.equal(isEmpty({ ...whole, join: { state: "joining" } }, [], true), false);
  assert.equal(isEmpty(whole, [own], true), false);
});
