/** The line under a channel's name claims nothing that the page can't know. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isEmpty, subtitle } from "../../static/webchat/js/subtitle.js";

const own = { author: "a", own: true };
const other = { author: "b", own: false };
const whole = { join: null, older: "none" };
const part = { join: null, older: "idle" };

test("with all that the node has here it says who has written", () => {
  assert.equal(subtitle(whole, [own, own], true, null), "Your node has only your own messages");
  assert.equal(subtitle(whole, [own, other], true, null), "Your node has messages of 2 people");
  assert.equal(subtitle(whole, [other, other], true, null), "Your node has messages of 1 person");
});

test("with a part of it here it speaks of that part", () => {
  assert.equal(subtitle(part, [own, other, own], true, null), "2 people wrote what is loaded here");
  assert.equal(subtitle(part, [own], true, null), "1 person wrote what is loaded here");
  assert.equal(subtitle({ ...part, older: "stuck" }, [other], true, null), "1 person wrote what is loaded here");
});

test("before the node is heard, and of an empty channel, it says nothing", () => {
  assert.equal(subtitle(whole, [own], false, null), "");
  assert.equal(subtitle(part, [own, other], false, null), "");
  assert.equal(subtitle(whole, [], true, null), "");
});

test("a join comes first", () => {
  assert.equal(subtitle({ ...whole, join: { state: "joining" } }, [own], true, null), "Joining…");
  assert.equal(subtitle({ ...whole, join: { state: "delayed" } }, [own], false, null), "Still connecting");
});

test("who keeps the channel and is silent is told before all else, and only then", () => {
  const health = { state: "degraded", initiators: { k: 4, of: 5 }, error: { code: "INITIATOR_SILENT", message: "", remedy: "" } };
  assert.equal(subtitle(whole, [own, other], true, health), "4 of 5 nodes answer · Your node has messages of 2 people");
  assert.equal(subtitle(whole, [], true, health), "4 of 5 nodes answer");
  assert.equal(subtitle({ ...whole, join: { state: "joining" } }, [own], true, health), "Joining…");
  assert.equal(subtitle(whole, [own], true, { ...health, state: "healthy", error: null }), "Your node has only your own messages");
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
