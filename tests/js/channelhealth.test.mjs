/** How a channel is, in words: nothing while it is well, what can be done where it is not, and never more than is known. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { downWords, isTrouble, remedyWords, stateWords, troubleLine } from "../../static/webchat/js/channelhealth.js";

const error = (code) => ({ code, message: "Too few answer", remedy: "Wait a minute.", retryable: true });
const well = { state: "healthy", initiators: { k: 5, of: 5 }, error: null };
const degraded = { state: "degraded", initiators: { k: 4, of: 5 }, error: error("INITIATOR_SILENT") };
const down = { state: "down", initiators: { k: 2, of: 5 }, error: error("INITIATORS_TOO_FEW") };
const offline = { ...down, error: error("NO_BOOTSTRAP") };
const alone = { state: "degraded", initiators: { k: 1, of: 1 }, error: error("ONE_COPY") };

test("what is well, or not known, is no trouble", () => {
  assert.deepEqual([null, well, degraded, down].map(isTrouble), [false, false, true, true]);
  assert.deepEqual([null, well].map(troubleLine), ["", ""]);
  assert.deepEqual([null, well].map(remedyWords), ["", ""]);
});

test("a trouble is told by number", () => {
  assert.deepEqual([degraded, down, alone].map(troubleLine), ["4 of 5 nodes answer", "2 of 5 nodes answer", "1 of 1 node answers"]);
  assert.equal(remedyWords(degraded), "Too few answer. Wait a minute.");
});

test("a channel that is down says what that means for what is written, unless the own node says it for all", () => {
  assert.equal(downWords("#a", down), "#a: Too few answer. What you write now may not get out. Wait a minute.");
  assert.deepEqual([null, well, degraded, offline].map((health) => downWords("#a", health)), ["", "", "", ""]);
});

test("the state is always in words, with what it rests on", () => {
  assert.equal(stateWords(well), "Healthy: 5 of 5 nodes that keep this channel answer, as far as yours knows.");
  assert.equal(stateWords(down), "Down: 2 of 5 nodes that keep this channel answer, as far as yours knows.");
  assert.equal(stateWords(null), "Not known at the moment.");
});
