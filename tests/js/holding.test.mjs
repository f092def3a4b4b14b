import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { NEWEST_KEPT, paged, resynced, ROWS_MAX, trimmed } from "../../static/webchat/js/holding.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { FakeClock, recorder } from "./fakes.mjs";

const CHANNEL = "#lobby";
const key = (n) => String(n).padStart(6, "0");
const message = (n) => ({ id: key(n), channel: CHANNEL, text: "", order: key(n), at_ms: n, author: "bob", name: "", own: false });
const DELIVERED = { state: "delivered", stored: { k: 3, of: 3 }, delivered: { n: 1, m: 1 }, acks: [] };
const range = (from, to) => Array.from({ length: to - from }, (_, at) => message(from + at));
const ids = (...numbers) => numbers.map(key);

let messages;
const shown = () => messages.rows(CHANNEL).map((row) => row.id);
const gaps = () => messages.rows(CHANNEL).filter((row) => row.gap).map((row) => row.id);

beforeEach(() => {
  messages = new OptimisticUIManager(new FakeClock(), recorder("changed", "removed"));
});

test("pages that meet leave no gap; the first page has nothing before it to miss", () => {
  paged(messages, CHANNEL, null, range(50, 60), true);
  paged(messages, CHANNEL, key(50), range(40, 50), true);
  assert.deepEqual(shown(), range(40, 60).map((each) => each.id));
  assert.deepEqual(gaps(), []);
});

test("a gap is filled from its end until the pages meet", () => {
  paged(messages, CHANNEL, null, range(0, 10), false);
  resynced(messages, CHANNEL, range(30, 40), []);
  assert.deepEqual(gaps(), ids(30));
  paged(messages, CHANNEL, key(30), range(20, 30), true);
  assert.deepEqual(gaps(), ids(20));
  paged(messages, CHANNEL, key(20), range(8, 20), true);
  assert.deepEqual(gaps(), []);
  assert.deepEqual(shown(), range(0, 40).map((each) => each.id));
});

test("a gap in which the node has nothing closes", () => {
  paged(messages, CHANNEL, null, range(0, 2), false);
  resynced(messages, CHANNEL, range(5, 8), []);
  paged(messages, CHANNEL, key(5), range(0, 2), false);
  assert.deepEqual(gaps(), []);
});

test("one message in the middle of a gap closes none of it", () => {
  paged(messages, CHANNEL, null, range(0, 2), false);
  resynced(messages, CHANNEL, range(30, 32), []);
  messages.received(message(15));
  assert.deepEqual(gaps(), ids(15, 30));
  paged(messages, CHANNEL, key(30), range(10, 30), true);
  assert.deepEqual(gaps(), ids(10));
});

test("a row that goes leaves its gap to the next", () => {
  paged(messages, CHANNEL, null, range(0, 2), false);
  resynced(messages, CHANNEL, range(30, 32), []);
  messages.drop(messages.row(key(30)));
  assert.deepEqual(gaps(), ids(31));
});

test("who reads the end loses the beginning, which is loaded again by scrolling", () => {
  paged(messages, CHANNEL, null, range(0, ROWS_MAX), true);
  assert.equal(trimmed(messages, CHANNEL, ROWS_MAX), false);
  messages.received(message(ROWS_MAX));
  assert.equal(trimmed(messages, CHANNEL, ROWS_MAX, key(ROWS_MAX - 20)), true);
  assert.ok(shown().length <= ROWS_MAX && shown().length > ROWS_MAX * 0.8);
  assert.equal(shown().at(-1), key(ROWS_MAX));
  assert.deepEqual(gaps(), []);
});

test("who reads the beginning keeps it and the newest, and the gap between is marked", () => {
  paged(messages, CHANNEL, null, range(0, ROWS_MAX + 1), true);
  assert.equal(trimmed(messages, CHANNEL, ROWS_MAX, key(3)), true);
  assert.equal(shown()[0], key(0));
  assert.deepEqual(shown().slice(-NEWEST_KEPT), range(ROWS_MAX + 1 - NEWEST_KEPT, ROWS_MAX + 1).map((each) => each.id));
  assert.deepEqual(gaps(), [shown().at(-NEWEST_KEPT)]);
});

test("what is not sent is never dropped", () => {
  paged(messages, CHANNEL, null, range(1, 100), true);
  const report = { ...message(0), state: "failed", error: { code: "X", message: "x", remedy: "" } };
  messages.reported(report, "me");
  assert.equal(trimmed(messages, CHANNEL, 50), true);
  assert.equal(messages.row(key(0)).state, "failed");
});

for (const step of [3, 7, 10])
  for (const live of [false, true])
    test(`own messages told by their receipts hide no gap: each ${step}th, ${live ? "by events" : "in a snapshot"}`, () => {
      const all = range(0, 1000).map((each, n) => (n % step ? each : { ...each, author: "me", own: true }));
      const outbox = all.filter((each) => each.own).map((each) => ({ ...each, ...DELIVERED }));
      if (live) for (const report of outbox) messages.reported(report, "me", "Me");
      if (live) paged(messages, CHANNEL, null, all.slice(-100), true);
      else resynced(messages, CHANNEL, all.slice(-50), outbox, "me", "Me");
      const load = (order) => {
        const at = all.findIndex((each) => each.order === order);
        paged(messages, CHANNEL, order, all.slice(Math.max(0, at - 100), at), at > 100);
      };
      for (let pages = 0; pages < 30 && gaps().length > 0; pages += 1) load(gaps().at(-1));
      for (let pages = 0; pages < 30 && shown()[0] !== all[0].id; pages += 1) load(shown()[0]);
      assert.deepEqual(shown(), all.map((each) => each.id));
      assert.deepEqual(gaps(), []);
    });
