/** Who has a file: asked about what is in sight alone, few at a time, more and more seldom; never by a hidden page. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ASKING_MAX, Availability, FRESH_MS, KNOWN_MAX, PAUSE_MAX_MS, SPREADING_MS } from "../../static/webchat/js/availability.js";
import { FakeClock, settle } from "./fakes.mjs";

const CHANNEL = "#a";
const row = (id, more = {}) => ({ id, channel: CHANNEL, order: "1", deleted: false, file: { name: id, size: 9 }, ...more });
const rows = (count) => Array.from({ length: count }, (_, at) => row(`f${at}`));

let clock;
let asked;
let answer;
let isAllowed;
let changed;
let known;

beforeEach(() => {
  clock = new FakeClock();
  [asked, changed, isAllowed] = [[], 0, true];
  answer = async () => ({ type: "file", nodes: 1, asked: 3, here: 9 });
  known = new Availability({
    ask: (channel, id) => {
      asked.push(`${channel} ${id}`);
      return answer(id);
    },
    mayAsk: () => isAllowed,
    changed: () => (changed += 1),
    clock,
  });
});

/** Let so much time pass, a second at a time; how often was asked. */
async function asksIn(ms) {
  const before = asked.length;
  for (let passed = 0; passed < ms; passed += 1000) {
    clock.pass(1000);
    await settle();
  }
  return asked.length - before;
}

test("a row in sight is asked about once, and says what was heard", async () => {
  for (let times = 0; times < 3; times += 1) known.near([row("x")]);
  assert.equal(known.of(row("x")), null);
  await settle();
  assert.deepEqual([known.of(row("x")), asked, changed], [{ nodes: 1, asked: 3, here: 9 }, ["#a x"], 1]);
  assert.equal(known.of(row("y")), null, "to draw a row asks nobody");
  assert.equal(asked.length, 1);
});

test("what is no file, is deleted, or is not with the node yet is not asked about", async () => {
  known.near([row("x", { file: null }), row("y", { deleted: true }), row("z", { order: "" })]);
  assert.deepEqual(asked, []);
});

test("at most four are asked about at a time, the others in their turn", async () => {
  const waiting = [];
  answer = () => new Promise((resolve) => waiting.push(resolve));
  known.near(rows(9));
  known.near(rows(9));
  assert.equal(waiting.length, ASKING_MAX);
  for (let n = 0; n < 9; n += 1) {
    waiting[n]({ nodes: 3, asked: 3, here: 9 });
    await settle();
    assert.ok(waiting.length - n - 1 <= ASKING_MAX);
  }
  assert.deepEqual(asked.sort(), rows(9).map(({ id }) => `#a ${id}`));
});

test("what has gone out of sight meanwhile is not asked about", async () => {
  const waiting = [];
  answer = () => new Promise((resolve) => waiting.push(resolve));
  known.near(rows(9));
  known.near([row("other")]);
  for (const resolve of waiting.splice(0)) resolve({ nodes: 3, asked: 3, here: 9 });
  await settle();
  assert.deepEqual(asked, ["#a f0", "#a f1", "#a f2", "#a f3", "#a other"]);
  waiting.pop()({ nodes: 1, asked: 3, here: 9 });
  await settle();
  known.near([]);
  assert.equal(await asksIn(600_000), 0);
  assert.equal(clock.waiting, 0);
});

test("a file that never gets everywhere, the usual lasting state, is asked about more and more seldom", async () => {
  known.near([row("x")]);
  await settle();
  const asks = [];
  for (let n = 0; n < 4; n += 1) asks.push(await asksIn(60_000));
  assert.deepEqual(asks, [3, 1, 1, 0], "after 5, 15, 35, 75 and 155 s, then every two minutes");
  assert.equal(await asksIn(10 * PAUSE_MAX_MS), 10);
  assert.equal(changed, 1, "and nothing is drawn for an answer that is no news");
});

test("news is asked after soon again, until the file is everywhere", async () => {
  let nodes = 0;
  answer = async () => ({ nodes: (nodes += 1), asked: 3, here: 9 });
  known.near([row("x")]);
  await settle();
  assert.equal(await asksIn(SPREADING_MS), 1);
  assert.equal(await asksIn(SPREADING_MS), 1);
  nodes = 2;
  assert.equal(await asksIn(FRESH_MS - 1000), 0);
  assert.equal(await asksIn(1000), 1);
  assert.deepEqual([known.of(row("x")).nodes, changed], [3, 3]);
});

test("an answer that can't be had leaves the old one, and is not asked for at once again", async () => {
  known.near([row("x")]);
  await settle();
  answer = async () => {
    throw { code: "RATE_LIMITED" };
  };
  assert.equal(await asksIn(SPREADING_MS), 1);
  known.near([row("x")]);
  await settle();
  assert.equal(asked.length, 2);
  assert.equal(await asksIn(2 * SPREADING_MS), 1);
  assert.deepEqual(known.of(row("x")), { nodes: 1, asked: 3, here: 9 });
});

test("a page that nobody looks at, or that has no connection, asks nothing until it is drawn again", async () => {
  known.near([row("x")]);
  await settle();
  isAllowed = false;
  known.near([row("x"), row("y")]);
  assert.equal(await asksIn(600_000), 0);
  isAllowed = true;
  known.near([row("x"), row("y")]);
  await settle();
  assert.deepEqual(asked, ["#a x", "#a x", "#a y"]);
});

test("a page that is hidden while it waits does not ask when the pause is over", async () => {
  known.near([row("x")]);
  await settle();
  isAllowed = false;
  assert.equal(await asksIn(600_000), 0);
  assert.equal(clock.waiting, 0);
});

test("there is a bound to what is remembered: the one asked longest ago is forgotten", async () => {
  answer = async () => ({ nodes: 3, asked: 3, here: 9 });
  const all = rows(KNOWN_MAX + 1);
  for (const near of [all.slice(0, 1), all.slice(1), all]) {
    known.near(near);
    for (let n = 0; n < KNOWN_MAX; n += 1) await settle();
  }
  assert.deepEqual([known.of(all[0]), known.of(all[1]).nodes, asked.length], [null, 3, KNOWN_MAX + 1]);
});

test("whether a file can be had is asked anew each time; where the node can't say, it is worth a try", async () => {
  const answers = [{ nodes: 0, asked: 2, here: 0 }, { nodes: 1, asked: 2, here: 0 }];
  const refusals = ["FILE_UNAVAILABLE", "CONNECTION_LOST"];
  answer = async () => {
    if (answers.length) return answers.shift();
    throw { code: refusals.shift() };
  };
  const had = [];
  for (let n = 0; n < 4; n += 1) had.push(await known.canBeHad(row("x")));
  assert.deepEqual(had, [false, true, false, true]);
});
