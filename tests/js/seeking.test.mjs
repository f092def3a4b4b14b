/** Jumping to a found or quoted message gets there however far it is, or says truly why not. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Channels } from "../../static/webchat/js/channels.js";
import { HISTORY_LIMIT, justBehind, paged } from "../../static/webchat/js/holding.js";
import { MessageActs } from "../../static/webchat/js/messageacts.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { HistoryPages } from "../../static/webchat/js/pages.js";
import { SEEK_PAGES_MAX } from "../../static/webchat/js/seeking.js";
import { FakeClock, recorder, settle } from "./fakes.mjs";

const LOBBY = "#lobby";
const key = (n) => String(n).padStart(6, "0");
const message = (n) => ({ id: `m${n}`, channel: LOBBY, author: "bob", name: "Bob", text: `${n}`, order: key(n), at_ms: n, own: false });

let app;
let held;
let asked;
let told;
let answers;

/** What the node holds: all from `first` to `last`. */
const holds = (first, last) => Array.from({ length: last - first + 1 }, (_, at) => message(first + at));

async function request({ before, limit }) {
  asked.push(before);
  await answers;
  const older = held.filter(({ order }) => !before || order < before);
  return { messages: older.slice(-limit), more: older.length > limit };
}

beforeEach(() => {
  asked = [];
  told = [];
  answers = Promise.resolve();
  held = holds(1, 5000);
  const clock = new FakeClock();
  const messages = new OptimisticUIManager(clock, recorder("changed", "removed", "changeTold"));
  const channels = new Channels(clock, { get: () => null, set() {} }, { channelChanged() {} });
  const screen = {
    announcer: { say: (_, words) => told.push(words) },
    trouble: ({ message, remedy }) => told.push(`${message}. ${remedy}`),
    timeline: { redraw() {}, reveal: (id) => Boolean(messages.row(id)) && told.push(`at ${id}`) > 0 },
  };
  app = { messages, channels, screen, current: LOBBY, connection: { request: (frame) => request(frame) }, learnName() {}, trim() {} };
  const pages = new HistoryPages(app);
  for (const name of ["loadOlder", "loadNewest", "loadAround", "fillGap"]) app[name] = (...given) => pages[name](...given);
  app.acts = new MessageActs(app);
  channels.joining(LOBBY);
  paged(messages, LOBBY, null, held.slice(-50), true);
});

const gaps = () => app.messages.rows(LOBBY).filter(({ gap }) => gap).map(({ id }) => id);

test("a found one is loaded where it is, however far back, and what lies between is a gap", async () => {
  await app.acts.jump(LOBBY, "m7", key(7));
  assert.deepEqual([asked, told, gaps()], [[justBehind(key(7))], ["at m7"], ["m4951"]]);
  assert.equal(app.channels.get(LOBBY).older, "none", "m1 is the first there is");
  await app.fillGap("m4951");
  assert.deepEqual(gaps(), ["m4851"]);
});

test("a found one in a gap is found, and the gap goes on on both sides of it", async () => {
  await app.acts.jump(LOBBY, "m7", key(7));
  await app.acts.jump(LOBBY, "m3000", key(3000));
  assert.deepEqual([told, gaps()], [["at m7", "at m3000"], ["m2901", "m4951"]]);
});

test("a quoted one over 2,000 messages back is reached page by page, and it is said that it goes on", async () => {
  await app.acts.jump(LOBBY, "m2000");
  assert.equal(told.at(-1), "at m2000");
  assert.ok(told.length > 3);
  assert.match(told[1], /1050 looked through so far/);
  assert.deepEqual(gaps(), []);
});

test("a quoted one in a gap is found by filling it", async () => {
  await app.acts.jump(LOBBY, "m7", key(7));
  await app.acts.jump(LOBBY, "m4000");
  assert.equal(told.at(-1), "at m4000");
});

test("a page that is on its way already is waited for", async () => {
  let answer;
  answers = new Promise((resolve) => (answer = resolve));
  app.loadOlder(LOBBY);
  const jumped = app.acts.jump(LOBBY, "m4900");
  await settle();
  assert.equal(asked.length, 1, "it is not asked for twice");
  answer();
  await jumped;
  assert.deepEqual([asked.length, told.at(-1)], [1, "at m4900"]);
});

test("so is the filling of a gap", async () => {
  await app.acts.jump(LOBBY, "m7", key(7));
  let answer;
  answers = new Promise((resolve) => (answer = resolve));
  app.fillGap("m4951");
  const jumped = app.acts.jump(LOBBY, "m4900");
  await settle();
  answer();
  await jumped;
  assert.deepEqual([asked.length, told.at(-1)], [2, "at m4900"]);
});

test("what the node does not hold is said to be that, whether its place is known or not", async () => {
  held = holds(4800, 5000).filter(({ id }) => id !== "m4900");
  for (const order of ["", key(4900)]) {
    await app.acts.jump(LOBBY, "m4900", order);
    assert.equal(told.at(-1), "The earlier message is not here. Your node does not hold it.");
  }
});

test("without a connection that is the reason, for an older page, a gap and a place", async () => {
  await app.acts.jump(LOBBY, "m4700", key(4700));
  app.connection.request = async () => {
    throw new Error("no connection");
  };
  for (const order of ["", key(9)]) {
    await app.acts.jump(LOBBY, "m9", order);
    assert.equal(told.at(-1), "The earlier message could not be loaded. Try again once there is a connection.");
  }
  app.messages.forget(LOBBY);
  paged(app.messages, LOBBY, null, held.slice(-50), true);
  await app.acts.jump(LOBBY, "m9");
  assert.match(told.at(-1), /could not be loaded/);
});

test("what is farther back than is looked through is said to be that", async () => {
  held = holds(1, SEEK_PAGES_MAX * HISTORY_LIMIT + 500);
  app.messages.forget(LOBBY);
  paged(app.messages, LOBBY, null, held.slice(-50), true);
  await app.acts.jump(LOBBY, "m1");
  assert.equal(told.at(-1), "The earlier message is more than 10000 messages back. Search for a word of it to go there.");
});

test("who goes to another channel meanwhile is not brought back", async () => {
  const jumped = app.acts.jump(LOBBY, "m2000");
  app.current = "#other";
  await jumped;
  assert.deepEqual([asked.length, told.length], [1, 1]);
});
