import assert from "node:assert/strict";
import { test } from "node:test";

import { rowWords } from "../../static/webchat/js/rowwords.js";
import { duration, say } from "../../static/webchat/js/strings.js";

const stored = { k: 3, of: 5, machines: 3 };
const delivered = { n: 4, m: 9 };
const row = (state, more = {}) => ({ state, phase: "", stage: 0, stored, delivered, alone: false, error: null, ...more });
const words = (state, more) => rowWords(row(state, more), 0).text;

test("each state says the words of the design", () => {
  assert.equal(words("pending", { phase: "queued" }), "Waiting for connection, will send by itself");
  assert.equal(words("pending", { phase: "sending" }), "");
  assert.equal(words("pending", { phase: "sending", stage: 1 }), "Sending…");
  assert.equal(words("pending", { phase: "sending", stage: 2 }), "Still sending…");
  assert.equal(words("sent"), "Sent, stored on 3 of 5 nodes");
  assert.equal(words("sent", { stored: { k: 3, of: 5, machines: 1 } }), "Sent, stored on 3 nodes, 1 machine");
  assert.equal(words("sent", { stored: { k: 3, of: 5, machines: 2 } }), "Sent, stored on 3 nodes, 2 machines");
  assert.equal(words("sent", { alone: true }), "Only your node has this so far");
  const here = { stored: { k: 2, of: 2, machines: 1 }, delivered: { n: 0, m: 0 }, local: true };
  assert.equal(words("sent", here), "Only this server has this so far");
  assert.equal(words("delivered"), "Delivered to 4 of 9");
  const error = { code: "NO_QUORUM", message: "Too few nodes confirmed", remedy: "Press Retry." };
  assert.equal(words("failed", { error }), "Not sent: Too few nodes confirmed. Press Retry.");
  assert.equal(rowWords(row("failed", { error }), 0).code, "NO_QUORUM");
});

test("what can be done fits the state", () => {
  const actions = (state, more) => rowWords(row(state, more), 0).actions;
  assert.deepEqual(actions("pending", { phase: "queued" }), ["cancel"]);
  assert.deepEqual(actions("pending", { phase: "sending", stage: 1 }), ["cancel"]);
  assert.deepEqual(actions("failed"), ["retry", "edit", "discard"]);
  assert.deepEqual(actions("sent"), []);
  assert.deepEqual(actions("received"), []);
});

test("property 30: states differ by words and by picture, not by colour alone", () => {
  const shown = [
    row("pending", { phase: "queued" }),
    row("pending", { phase: "sending", stage: 1 }),
    row("sent"),
    row("sent", { alone: true }),
    row("delivered"),
    row("failed"),
  ].map((each) => rowWords(each, 0));
  assert.equal(new Set(shown.map((each) => each.text)).size, shown.length);
  assert.equal(new Set(shown.map((each) => each.icon)).size, shown.length);
});

test("a wait counts down", () => {
  const waiting = row("pending", { phase: "waiting", until_ms: 4000 });
  assert.match(rowWords(waiting, 0).text, /in 4 s$/);
  assert.match(rowWords(waiting, 3900).text, /in 1 s$/);
});

test("numbers choose their form, an unknown key is a bug", () => {
  assert.equal(say("timeline.new", { n: 1 }), "1 new message");
  assert.equal(say("timeline.new", { n: 20 }), "20 new messages");
  assert.deepEqual([1, 2].map((n) => say("members.since", { n })), ["not reachable for 1 minute", "not reachable for 2 minutes"]);
  assert.throws(() => say("no.such.words"));
});

test("durations", () => {
  assert.deepEqual([0, 42.4, 99, 840, 9949].map(duration), ["1 ms", "42 ms", "99 ms", "0.8 s", "9.9 s"]);
  assert.deepEqual([12_400, 59_700, 119_600, 125_000].map(duration), ["12 s", "1 min 0 s", "2 min 0 s", "2 min 5 s"]);
});
