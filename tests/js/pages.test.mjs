/** Pages of history that can't be had: what waiting helps is asked for again, otherwise the page says so, for a press. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Channels } from "../../static/webchat/js/channels.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { HistoryPages, TRIES_MAX } from "../../static/webchat/js/pages.js";
import { FakeClock, settle } from "./fakes.mjs";

const LOBBY = "#lobby";
const LOST = { code: "CONNECTION_LOST", message: "lost", remedy: "" };
const nothing = () => {};
const message = (order) => {
  const said = { id: `m${order}`, channel: LOBBY, author: "b", name: "Bob", own: false, text: order, html: "", at_ms: 1, order };
  return { ...said, reply_to: "", edited_ms: 0, deleted: false, reactions: [], file: null };
};

let app;
let pages;
let answers;
let asked;
let seen;
let clock;

const older = () => app.channels.get(LOBBY).older;
const gapOf = (id) => app.messages.row(id).gap;
const texts = () => app.messages.rows(LOBBY).map(({ text }) => text);

beforeEach(() => {
  [answers, asked, seen] = [[], [], []];
  const messages = new OptimisticUIManager(new FakeClock(), { changed: nothing, removed: nothing, changeTold: nothing });
  const memory = { get: () => null, set: nothing };
  const channels = new Channels(new FakeClock(), memory, { channelChanged: () => seen.push(older()) });
  const request = async ({ type, before }) => {
    asked.push(`${type} ${before}`);
    const answer = answers.shift();
    if (answer.code) throw answer;
    return answer;
  };
  const timeline = { redraw: () => seen.push(gapOf("m5")) };
  app = { messages, channels, screen: { timeline }, connection: { request }, learnName: nothing, trim: nothing };
  clock = new FakeClock();
  pages = new HistoryPages(app, clock);
  channels.joining(LOBBY);
});

test("older messages that can't be had leave word of it, and the next press has them", async () => {
  for (const order of ["4", "5"]) app.messages.received(message(order));
  seen.length = 0;
  answers = [LOST, LOST, { messages: [message("2"), message("3")], more: false }];
  await pages.loadOlder(LOBBY);
  assert.deepEqual([seen, texts()], [["loading", "stuck"], ["4", "5"]]);
  await pages.loadOlder(LOBBY);
  assert.equal(older(), "stuck");
  await Promise.all([pages.loadOlder(LOBBY), pages.loadOlder(LOBBY)]);
  assert.deepEqual([older(), texts()], ["none", ["2", "3", "4", "5"]]);
  assert.deepEqual(asked, Array(3).fill("history.page 4"), "two presses at once are one question");
});

test("a gap that can't be filled says so, and the next press fills it", async () => {
  app.messages.received(message("1"));
  app.messages.received(message("5"));
  app.messages.row("m5").gap = "idle";
  answers = [LOST, { messages: [message("3"), message("4")], more: false }];
  await pages.fillGap("m5");
  assert.deepEqual([seen.slice(-2), gapOf("m5")], [["loading", "stuck"], "stuck"]);
  await pages.fillGap("m5");
  assert.deepEqual([gapOf("m5"), texts()], ["", ["1", "3", "4", "5"]]);
  await pages.fillGap("m5");
  assert.equal(asked.length, 2, "there is no gap any more");
});

test("what surrounds a place that can't be had is whoever asked's to tell", async () => {
  app.messages.received(message("5"));
  answers = [LOST];
  assert.equal(await pages.loadAround(LOBBY, "1"), false);
  assert.deepEqual(texts(), ["5"]);
});

const BUSY = { code: "RATE_LIMITED", message: "busy", remedy: "", retry_after: 1 };

/** Let a page come that is refused at first; how many seconds it was asked for again and again. */
async function patiently(loading) {
  let s = 0;
  let isOver = false;
  loading.then(() => (isOver = true));
  for (await settle(); !isOver && s < 100; s += 1) {
    clock.pass(1000);
    await settle();
  }
  return s;
}

test("what is refused for the number of questions comes by itself, without a word of trouble", async () => {
  app.messages.received(message("5"));
  seen.length = 0;
  answers = [BUSY, { ...BUSY, retry_after: 4 }, { messages: [message("4")], more: true }];
  assert.equal(await patiently(pages.loadOlder(LOBBY)), 1 + 4);
  assert.deepEqual([seen, texts()], [["loading", "idle"], ["4", "5"]]);
  answers = [BUSY, { messages: [], more: false }];
  app.messages.row("m5").gap = "open";
  assert.equal(await patiently(pages.fillGap("m5")), 1);
  assert.equal(gapOf("m5"), "");
});

test("for ever it is not waited: then the page says so", async () => {
  app.messages.received(message("5"));
  answers = Array(TRIES_MAX).fill(BUSY);
  assert.equal(await patiently(pages.loadOlder(LOBBY)), 1 + 2 + 4 + 8);
  assert.deepEqual([older(), asked.length, clock.waiting], ["stuck", TRIES_MAX, 0]);
});
