import assert from "node:assert/strict";
import { test } from "node:test";

import { resynced } from "../../static/webchat/js/holding.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { FakeClock, recorder } from "./fakes.mjs";

const CHANNEL = "#lobby";
const message = (id, own = false) => ({
  id,
  channel: CHANNEL,
  text: id,
  order: id,
  at_ms: 1,
  author: own ? "me" : "bob",
  name: "",
  own,
});
const report = (id, state, stored) => ({ ...message(id), state, stored });

function page() {
  const messages = new OptimisticUIManager(new FakeClock(), recorder("changed", "removed"));
  messages.setLinked(true);
  return messages;
}

const shown = (messages) =>
  messages.rows(CHANNEL).map((row) => [row.id, row.state, row.stored.k, row.delivered.n, row.author]);

test("a snapshot brings unfinished messages in their state, not as sent", () => {
  const messages = page();
  resynced(messages, CHANNEL, [message("a", true), message("b")], [report("a", "failed")]);
  assert.deepEqual(
    messages.rows(CHANNEL).map((row) => [row.id, row.state]),
    [
      ["a", "failed"],
      ["b", "received"],
    ],
  );
});

test("what overlaps with the snapshot stays, with its older history", () => {
  const messages = page();
  for (const id of ["a", "b", "c"]) messages.received(message(id));
  const kept = messages.row("c");
  resynced(messages, CHANNEL, [message("c"), message("d")], []);
  assert.equal(messages.row("c"), kept);
  assert.deepEqual(
    messages.rows(CHANNEL).map((row) => row.id),
    ["a", "b", "c", "d"],
  );
});

test("with a hole between, what is held stays, and the gap is marked", () => {
  const messages = page();
  for (const id of ["a", "b"]) messages.received(message(id));
  messages.written({ ...message("w"), order: undefined });
  resynced(messages, CHANNEL, [message("x"), message("y")], []);
  assert.deepEqual(
    messages.rows(CHANNEL).map((row) => row.id + row.gap),
    ["a", "b", "xopen", "y", "w"],
  );
});

test("an own message that was sent while nobody looked may be missing where it stood", () => {
  const messages = page();
  messages.received(message("a"));
  messages.reported(report("b", "pending"));
  for (const id of ["c", "d"]) messages.received(message(id));
  resynced(messages, CHANNEL, [message("c"), message("d")], []);
  assert.deepEqual(
    messages.rows(CHANNEL).map((row) => row.id + row.gap),
    ["a", "copen", "d"],
  );
});

test("what was discarded on another page meanwhile goes", () => {
  const messages = page();
  messages.reported(report("a", "failed"));
  resynced(messages, CHANNEL, [], []);
  assert.deepEqual(messages.rows(CHANNEL), []);
});

/** Every event that a stream may hold, applied as the page applies it. */
const EVENTS = [
  (m) => m.received(message("b")),
  (m) => m.reported(report("a", "pending"), "me"),
  (m) => m.received(message("d")),
  (m) => m.reported(report("a", "sent", { k: 3, of: 5 }), "me"),
  (m) => m.reported(report("c", "failed"), "me"),
  (m) => m.reported({ ...report("a", "delivered", { k: 4, of: 5 }), delivered: { n: 1, m: 2 } }, "me"),
  (m) => m.received(message("e")),
];
/** What the node would tell after the first n of them. */
const snapshotAfter = (n) => {
  const state = { a: null, c: null };
  const received = [];
  if (n > 0) received.push(message("b"));
  if (n > 1) state.a = report("a", "pending");
  if (n > 2) received.push(message("d"));
  if (n > 3) state.a = report("a", "sent", { k: 3, of: 5 });
  if (n > 4) state.c = report("c", "failed");
  if (n > 5) state.a = { ...report("a", "delivered", { k: 4, of: 5 }), delivered: { n: 1, m: 2 } };
  if (n > 6) received.push(message("e"));
  return [received, [state.a, state.c].filter(Boolean)];
};

test("a snapshot and the events after it are the same as all events, wherever the cut is", () => {
  const whole = page();
  for (const event of EVENTS) event(whole);
  for (let cut = 0; cut <= EVENTS.length; cut += 1) {
    for (let seen = 0; seen <= cut; seen += 1) {
      const messages = page();
      for (const event of EVENTS.slice(0, seen)) event(messages);
      resynced(messages, CHANNEL, ...snapshotAfter(cut), "me");
      for (const event of EVENTS.slice(cut)) event(messages);
      assert.deepEqual(shown(messages), shown(whole), `seen ${seen}, snapshot after ${cut}`);
    }
  }
});

test("events that are repeated change nothing", () => {
  const whole = page();
  for (const event of EVENTS) event(whole);
  for (let from = 0; from < EVENTS.length; from += 1) {
    const messages = page();
    for (const event of EVENTS) event(messages);
    for (const event of EVENTS.slice(from)) event(messages);
    assert.deepEqual(shown(messages), shown(whole));
  }
});
