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
const edit = (state) => ({ ...message("x"), kind: "edit", target: "a", text: "edited", state });
const removal = (state, n = 0) => ({ ...message("y"), kind: "delete", target: "c", text: "", state, delivered: { n, m: 2 } });
const edited = () => ({ ...message("a", true), text: "edited", html: "<p>edited</p>", edited_ms: 5 });
const reacted = () => ({ ...message("b"), reactions: [["👍", ["cleo", "me"]]] });
const deleted = () => ({ ...message("d"), text: "", deleted: true });

function page() {
  const messages = new OptimisticUIManager(new FakeClock(), recorder("changed", "removed", "changeTold"));
  messages.setLinked(true);
  return messages;
}

const shown = (messages) =>
  messages.rows(CHANNEL).map((row) => [
    ...[row.id, row.state, row.stored.k, row.delivered.n, row.author, row.change?.id, row.change?.state],
    ...[row.text, row.html, row.edited_ms, row.deleted, JSON.stringify(row.reactions)],
  ]);

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
  (m) => m.reported(edit("pending"), "me"),
  (m) => m.changed(edited()),
  (m) => m.changed(reacted()),
  (m) => m.reported(edit("failed"), "me"),
  (m) => m.changed(deleted()),
  (m) => m.reported(removal("pending"), "me"),
  (m) => m.reported(edit("sent"), "me"),
];
/** What the node would tell after the first n of them: looks as they are then, and its outbox. */
const snapshotAfter = (n) => {
  const outbox = { a: null, c: null, x: null, y: null };
  const looks = new Map();
  if (n > 0) looks.set("b", message("b"));
  if (n > 1) outbox.a = report("a", "pending");
  if (n > 2) looks.set("d", message("d"));
  if (n > 3) outbox.a = report("a", "sent", { k: 3, of: 5 });
  if (n > 4) outbox.c = report("c", "failed");
  if (n > 5) outbox.a = { ...report("a", "delivered", { k: 4, of: 5 }), delivered: { n: 1, m: 2 } };
  if (n > 6) looks.set("e", message("e"));
  if (n > 7) outbox.x = edit("pending");
  if (n > 7) looks.set("a", n > 8 ? edited() : { ...message("a", true), text: "a" });
  if (n > 9) looks.set("b", reacted());
  if (n > 10) outbox.x = edit("failed");
  if (n > 11) looks.set("d", deleted());
  if (n > 12) outbox.y = removal("pending");
  if (n > 13) outbox.x = null;
  return [[...looks.values()], Object.values(outbox).filter(Boolean)];
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

test("one row per id, and no row for a change, wherever the cut is", () => {
  for (let cut = 0; cut <= EVENTS.length; cut += 1) {
    const messages = page();
    messages.written({ ...edit(), id: "w", text: "not accepted yet" });
    for (const event of EVENTS) event(messages);
    resynced(messages, CHANNEL, ...snapshotAfter(cut), "me");
    const ids = messages.rows(CHANNEL).map((row) => row.id);
    assert.deepEqual(ids, [...new Set(ids)]);
    assert.ok(!ids.some((id) => ["x", "y", "w"].includes(id)), ids.join());
    const row = messages.row("a");
    if (row) assert.equal(row.text, "not accepted yet", "what the node does not have stays over what it tells");
  }
});
