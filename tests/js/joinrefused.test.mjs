/** A join that the node gives up says why on its card, as long as nobody asks for it again. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Channels } from "../../static/webchat/js/channels.js";
import { DELAYED_MS } from "../../static/webchat/js/joining.js";
import { nodeReports } from "../../static/webchat/js/nodereports.js";
import { subtitle } from "../../static/webchat/js/subtitle.js";
import { JoinCard } from "../../static/webchat/js/view/joincard.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock } from "./fakes.mjs";

const LOBBY = "#lobby";
const FULL = { code: "STORE_FULL", message: "The disk is full", remedy: "Make room on it", retryable: true };
const PARTS = ["join", "join-title", "join-time", "join-bar", "join-steps", "join-trouble"];
const trouble = (channel) => ({ type: "trouble", cursor: "1:1", error: FULL, context: channel ? { channel } : { task: "upkeep" } });

let clock;
let channels;
let card;
let toasts;
let reports;

const said = (id) => document.getElementById(id).textContent;

beforeEach(() => {
  globalThis.document = documentDouble(...PARTS);
  clock = new FakeClock();
  card = new JoinCard(clock.now);
  channels = new Channels(clock, { get: () => null, set() {} }, { channelChanged: (channel) => card.draw(channel) });
  toasts = [];
  reports = nodeReports({ channels, me: {}, messages: {}, screen: { trouble: ({ code }) => toasts.push(code) } });
  channels.joining(LOBBY);
});

afterEach(() => {
  card.draw(null);
  delete globalThis.document;
});

test("its card shows code and remedy, and claims no longer that it goes on", () => {
  clock.pass(200);
  reports.event(trouble(LOBBY));
  clock.pass(DELAYED_MS);
  assert.equal(channels.get(LOBBY).join.state, "refused");
  assert.equal(said("join-title"), "#lobby could not be joined");
  for (const words of ["The disk is full", "STORE_FULL", "What you can do: Make room on it", "be sent here now"])
    assert.ok(said("join-trouble").includes(words), words);
  assert.equal(document.getElementById("join-trouble").hidden, false);
  assert.equal(subtitle({ join: channels.get(LOBBY).join, older: "idle" }, [], true), "Could not be joined");
  assert.deepEqual([toasts, clock.waiting], [[], 0]);
  assert.equal(channels.isReady(LOBBY), false, "what is written waits");
});

test("the step that it hung at has failed, and is not shown as going on", () => {
  const at = { channel: LOBBY, index: 2, of: 6, step: "find", detail: "" };
  channels.progressed({ ...at, elapsed_ms: 100, done: false });
  channels.delayed({ channel: LOBBY, step: "find", elapsed_ms: 700, error: null });
  reports.event(trouble(LOBBY));
  const [first, second, third] = channels.get(LOBBY).join.steps;
  assert.deepEqual([first.state, second.state, third.state], ["done", "failed", "waiting"]);
  assert.equal(second.took_ms, 600);
  assert.ok(said("join-steps").includes("failed"));
  assert.ok(!said("join-steps").includes("in progress"));
});

test("it stays with its reason when the page loses its connection and comes back", () => {
  reports.event(trouble(LOBBY));
  channels.welcomed({ name: "#other", joined: true });
  assert.deepEqual(channels.keepOnly(["#third"]), ["#other"]);
  assert.equal(channels.isRefused(LOBBY), true);
  assert.ok(said("join-trouble").includes("STORE_FULL"));
  channels.left(LOBBY);
  assert.equal(channels.get(LOBBY), undefined, "leaving takes it away");
});

test("asked for again, or tried again by the node, it begins anew", () => {
  for (const again of [
    () => channels.joining(LOBBY),
    () => channels.progressed({ channel: LOBBY, step: "node", index: 1, of: 6, elapsed_ms: 0, detail: "", done: false }),
  ]) {
    reports.event(trouble(LOBBY));
    assert.equal(channels.isRefused(LOBBY), true);
    again();
    assert.deepEqual([channels.get(LOBBY).join.state, channels.get(LOBBY).join.error], ["joining", null]);
    assert.equal(document.getElementById("join-trouble").hidden, true);
  }
});

test("what is about no join of this page is told as before", () => {
  reports.event(trouble("#other"));
  reports.event(trouble(null));
  channels.joined({ channel: LOBBY, created: false, alone: false, elapsed_ms: 5 });
  reports.event(trouble(LOBBY));
  assert.deepEqual(toasts, ["STORE_FULL", "STORE_FULL", "STORE_FULL"]);
  assert.equal(channels.get(LOBBY).join.state, "joined");
});
