/** How a channel is, in words: nothing while it is well, what can be done where it is not, and never more than is known. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";

globalThis.document = documentDouble(); // the words are chosen by its language
const { downWords, heardWords, isTrouble, remedyWords, stateWords, troubleLine } = await import("../../static/webchat/js/channelhealth.js");
const { ChannelHealthView, stateMark } = await import("../../static/webchat/js/view/channelhealth.js");

const error = (code, message = "Too few answer") => ({ code, message, remedy: "Wait a minute.", retryable: true });
const well = { state: "healthy", initiators: { k: 5, of: 5 }, error: null };
const degraded = { state: "degraded", initiators: { k: 4, of: 5 }, error: error("INITIATOR_SILENT") };
const down = { state: "down", initiators: { k: 1, of: 5 }, error: error("INITIATORS_TOO_FEW") };
const lost = { state: "degraded", initiators: { k: 5, of: 5 }, error: error("COORDINATOR_LOST", "It is not certain who stores it") };
const single = { state: "degraded", initiators: { k: 1, of: 1 }, error: error("ONE_COPY", "Only one node stores it") };

test("what is well, or not known, or hinders nobody, is no trouble", () => {
  assert.deepEqual([null, well, single, degraded, down, lost].map(isTrouble), [false, false, false, true, true, true]);
  assert.deepEqual([null, well, single].map(troubleLine), ["", "", ""]);
  assert.deepEqual([null, well].map(remedyWords), ["", ""]);
});

test("silence is told by number, anything else in words", () => {
  assert.deepEqual([degraded, down, lost].map(troubleLine), ["4 of 5 nodes answer", "1 of 5 nodes answers", "It is not certain who stores it"]);
  assert.equal(remedyWords(degraded), "Too few answer. Wait a minute.");
  assert.equal(remedyWords(single), "Only one node stores it. Wait a minute.");
});

test("a channel that is down says what that means for what is written", () => {
  assert.equal(downWords("#a", down), "#a: Too few answer. What you write now may not get out. Wait a minute.");
  assert.deepEqual([null, well, degraded, single].map((health) => downWords("#a", health)), ["", "", "", ""]);
});

test("the state is always in words, with what it rests on", () => {
  assert.equal(stateWords(well), "Healthy: 5 of 5 nodes that keep this channel answer, as far as your node knows.");
  assert.equal(stateWords(down), "Down: 1 of 5 nodes that keep this channel answers, as far as your node knows.");
  assert.equal(stateWords(single), "Degraded: the only node that keeps this channel answers, as far as your node knows.");
  assert.equal(stateWords(null), "Not known at the moment: there is no connection, or your node has no network.");
});

test("what is heard has the state and what is wrong", () => {
  assert.equal(heardWords("#a", degraded), "#a: Degraded. 4 of 5 nodes answer");
  assert.equal(heardWords("#a", single), "#a: Degraded. Only one node stores it");
  assert.equal(heardWords("#a", well), "#a: Healthy.");
});

let said;
let view;

beforeEach(() => {
  globalThis.document = documentDouble("channel-why");
  said = [];
  view = new ChannelHealthView({ say: (kind, words) => said.push([kind, words]) });
});

const line = () => document.getElementById("channel-why");

test("the line stands there while the open channel is down", () => {
  view.draw("#a", down);
  assert.deepEqual([line().hidden, line().textContent], [false, downWords("#a", down)]);
  view.draw("#a", degraded);
  assert.equal(line().hidden, true);
  view.draw("#b", down);
  view.draw(null, null);
  assert.equal(line().hidden, true);
});

test("a change is heard, for better or worse, and not what is found on going elsewhere", () => {
  for (const health of [null, well, well, degraded, null, degraded, well]) view.draw("#a", health);
  assert.deepEqual(said, [
    ["health", "#a: Degraded. 4 of 5 nodes answer"],
    ["health", "#a: Healthy."],
  ]);
  said.length = 0;
  for (const channel of ["#b", "#a", "#b"]) view.draw(channel, channel === "#b" ? down : well);
  assert.deepEqual(said, []);
});

test("the mark has a picture, a title and a word, and what is well has none", () => {
  assert.deepEqual([null, well, single].map(stateMark), [[], [], []]);
  const pictures = [degraded, down].map((health) => {
    const [mark, word] = stateMark(health);
    return [mark.getAttribute("title"), mark.getAttribute("aria-hidden"), mark.firstElementChild.getAttribute("data-icon"), word.textContent];
  });
  assert.deepEqual(pictures, [
    ["Degraded", "true", "impaired", " Degraded"],
    ["Down", "true", "broken", " Down"],
  ]);
});
