/** The banner says why there is no connection and when the next try is, and its button tries at once. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Connection } from "../../static/webchat/js/connection.js";
import { StatusView } from "../../static/webchat/js/view/status.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock, FakeSocket } from "./fakes.mjs";

const TICK_MS = 500;
const IDS = ["node", "node-word", "node-why", "node-facts", "node-peers", "node-address", "node-id"];
const OF_BANNER = ["banner", "banner-text", "banner-time", "try-now", "banner-signin", "banner-reload"];

let clock;
let view;
let tried;
let reloaded;

const byId = (id) => document.getElementById(id);
const text = (id) => byId(id).textContent;

beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval"] });
  globalThis.document = Object.assign(documentDouble(...IDS, ...OF_BANNER), { addEventListener() {} });
  byId("node").append(document.createElement("summary"));
  byId("banner").hidden = true; // as the template has it
  clock = new FakeClock();
  [tried, reloaded] = [0, 0];
  view = new StatusView(() => clock.now(), { tryNow: () => (tried += 1), reload: () => (reloaded += 1) });
});

afterEach(() => {
  mock.timers.reset();
  delete globalThis.document;
});

test("while it waits it says its reason, that what is written is kept, and counts down to the next try", () => {
  view.setLink({ phase: "waiting", reason: "link.lost", retryAt_ms: clock.now() + 3000 });
  assert.equal(byId("banner").hidden, false);
  assert.equal(text("banner-text"), "The connection to your node is interrupted. What you write is kept and goes out by itself.");
  assert.equal(text("banner-time"), "Next try in 3 seconds.");
  assert.deepEqual([byId("try-now").hidden, byId("banner-signin").hidden], [false, true]);
  clock.pass(2100);
  mock.timers.tick(TICK_MS);
  assert.equal(text("banner-time"), "Next try in 1 second.");
  for (const [reason, words] of [
    ["link.offline", "This device is offline."],
    ["link.refused", "The server does not answer."],
    ["link.silent", "The server stopped answering."],
  ]) {
    view.setLink({ phase: "waiting", reason, retryAt_ms: clock.now() + 1000 });
    assert.ok(text("banner-text").startsWith(words), text("banner-text"));
  }
});

test("it stays while a try runs, and goes with the connection", () => {
  view.setLink({ phase: "waiting", reason: "link.lost", retryAt_ms: clock.now() + 3000 });
  view.setLink({ phase: "connecting" });
  assert.equal(byId("banner").hidden, false);
  assert.equal(text("banner-time"), "Trying…");
  view.setNode({ state: "online", reason: "" });
  view.setLink({ phase: "open" });
  assert.equal(byId("banner").hidden, true);
});

test("who is at its button when it goes is then at what says how the node is; who is elsewhere stays there", () => {
  const summary = byId("node").querySelector("summary");
  byId("banner").append(byId("try-now"));
  for (const [at, after] of [[byId("try-now"), summary], [byId("node-id"), byId("node-id")]]) {
    view.setLink({ phase: "waiting", reason: "link.lost", retryAt_ms: clock.now() + 3000 });
    at.focus();
    view.setLink({ phase: "connecting" });
    assert.equal(document.activeElement, at);
    view.setNode({ state: "online", reason: "" });
    view.setLink({ phase: "open" });
    assert.equal(document.activeElement, after);
  }
});

test("who is at the button that is of no use any more is at the link to sign in", () => {
  view.setLink({ phase: "waiting", reason: "link.lost", retryAt_ms: clock.now() + 3000 });
  byId("try-now").focus();
  view.setLink({ phase: "ended", reason: "link.session", code: 4401 });
  assert.equal(document.activeElement, byId("banner-signin"));
});

test("a page that opens shows no banner before something has gone wrong", () => {
  view.setLink({ phase: "connecting" });
  view.setLink({ phase: "greeting" });
  assert.deepEqual([byId("banner").hidden, text("node-word")], [true, "Connecting"]);
});

test("who is signed out is sent to sign in, and there is nothing to try", () => {
  view.setLink({ phase: "ended", reason: "link.session", code: 4401 });
  assert.deepEqual([text("banner-text"), text("banner-time")], ["You are signed out.", ""]);
  assert.deepEqual([byId("try-now").hidden, byId("banner-signin").hidden], [true, false]);
});

test("where another account has signed in no try helps: the page is to be loaded anew", () => {
  view.setLink({ phase: "waiting", reason: "link.lost", retryAt_ms: clock.now() + 3000 });
  byId("try-now").focus();
  view.setLink({ phase: "ended", reason: "link.changed" });
  assert.match(text("banner-text"), /^Another account is signed in/);
  const hidden = ["try-now", "banner-signin", "banner-reload"].map((id) => byId(id).hidden);
  assert.deepEqual([hidden, document.activeElement], [[true, true, false], byId("banner-reload")]);
  byId("banner-reload").fire("click");
  assert.deepEqual([reloaded, tried], [1, 0]);
  view.setLink({ phase: "ended", reason: "link.crowded", code: 4429 });
  assert.equal(byId("try-now").hidden, false, "closing a page elsewhere makes a try worth it");
});

test("an answer that is an error is told with its remedy", () => {
  view.setLink({ phase: "greeting", error: { code: "X", message: "The node is busy", remedy: "Try again later." } });
  assert.deepEqual([byId("banner").hidden, text("banner-text")], [false, "The node is busy. Try again later."]);
});

test("the node's state is a word and a picture, and its trouble comes with what can be done", () => {
  for (const [state, word] of [
    ["online", "Online"],
    ["degraded", "Degraded"],
    ["offline", "Offline"],
  ]) {
    view.setNode({ state, reason: "Nobody answers", remedy: "Wait." });
    view.setLink({ phase: "open" });
    assert.deepEqual([text("node-word"), byId("node").querySelector("svg").dataset.icon], [word, state]);
    const why = byId("node-why").hidden ? "" : text("node-why");
    assert.equal(why, state === "online" ? "" : "Nobody answers. Wait.");
  }
});

test("Try now connects at once, however long the wait still is", () => {
  const sockets = [];
  const listener = { phase: (link) => view.setLink(link), welcome() {}, event() {}, trouble() {} };
  const makeSocket = () => sockets.at(sockets.push(new FakeSocket()) - 1);
  const connection = new Connection({ makeSocket, clock, random: () => 1, listener });
  byId("try-now").addEventListener("click", () => connection.tryNow());
  connection.tryNow();
  for (let round = 0; round < 6; round += 1) {
    sockets.at(-1).drop();
    if (round < 5) clock.pass(10_000);
  }
  assert.deepEqual([sockets.length, text("banner-time")], [6, "Next try in 10 seconds."]);
  byId("try-now").fire("click");
  assert.deepEqual([sockets.length, text("banner-time"), tried], [7, "Trying…", 1]);
  clock.pass(10_000);
  assert.equal(sockets.length, 7, "and not once more when the wait would have ended");
});
