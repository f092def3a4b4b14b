/** The event log tells the story that its columns leave out: who, why, for whom, and what came of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { storyOf } from "../../static/webchat/js/health/story.js";
import { WORDS as DE } from "../../static/webchat/js/health/toolwords/de.js";
import { WORDS as EN } from "../../static/webchat/js/health/toolwords/en.js";
import { record } from "./healthdouble.mjs";

const NAMES = { a1: "ann", b2: "bob" };
const told = (operation, route) => storyOf(record(1, { operation, route }), (id) => NAMES[id] ?? id);

test("who came among the initiators and who went", () => {
  assert.equal(told("initiators.changed", { came: ["a1", "c3"], went: ["b2"], count: 3 }), "came: ann, c3; went: bob");
  assert.equal(told("initiators.changed", { came: [], went: ["b2"], count: 2 }), "went: bob");
});

test("why a channel was recovered, in the page's words, or in the engine's where a later one has others", () => {
  assert.equal(told("recovery", { reason: "sleep", attempts: 1 }), "the process had slept");
  assert.equal(told("recovery", { reason: "eclipse" }), "eclipse");
  for (const reason of ["network", "sleep", "partition"]) assert.notEqual(told("recovery", { reason }), reason);
});

test("for whom a way was looked for, and what was found", () => {
  assert.equal(told("admin.repair", { subscriber: "b2", reached_by: 2, of: 3, account: 7 }), "for bob; 2 of 3 initiators reach it");
  assert.equal(told("admin.repair", { subscriber: "b2", reached_by: 0, of: 3 }), "for bob; 0 of 3 initiators reach it");
  assert.equal(told("admin.repair", { subscriber: "b2" }), "for bob"); // refused: its outcome says why
  assert.equal(told("reach.repair", { by: "after a relay" }), "directly again, after a relay");
  for (const by of ["directly", "last address", "relay", "none"]) assert.ok(EN[`story.by.${by.replaceAll(" ", "-")}`]);
  assert.equal(told("repair", { peer: "a1" }), "from ann");
});

test("how the verdict on a channel has changed", () => {
  const changed = (route) => told("verdict.changed", route);
  assert.equal(changed({ was: "healthy", was_code: "", state: "degraded", code: "PATH_BROKEN" }), "from Healthy to Degraded (PATH_BROKEN)");
  assert.equal(changed({ was: "down", was_code: "NO_INITIATOR", state: "healthy", code: "" }), "from Down (NO_INITIATOR) to Healthy");
  assert.equal(changed({ was: "healthy", was_code: "", state: "unseen", code: "CHANNEL_UNSEEN" }), "from Healthy to Can't be seen (CHANNEL_UNSEEN)");
  assert.equal(changed({ was: "healthy", state: "of a later engine" }), "");
});

test("whether the diagnostic mode was switched on or off", () => {
  assert.equal(told("admin.diagnostic", { on: true }), "switched on");
  assert.equal(told("admin.diagnostic", { on: false }), "switched off");
});

test("a record of which there is nothing more to tell tells nothing, also one of another engine", () => {
  for (const operation of ["publish", "initiators.changed", "recovery", "repair", "reach.repair", "admin.repair", "admin.diagnostic"])
    assert.equal(told(operation, {}), "");
});

test("the story is told in every language", () => {
  const keys = (words) => Object.keys(words).filter((key) => key.startsWith("story."));
  assert.deepEqual(keys(DE), keys(EN));
});
