import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { rowWords } from "../../static/webchat/js/rowwords.js";
import { QUORUM_MS } from "../../static/webchat/js/watch.js";
import { FakeClock, recorder } from "./fakes.mjs";

let clock;
let listener;
let messages;

const CHANNEL = "#lobby";
const draft = (id, text = "hello") => ({ id, channel: CHANNEL, text, at_ms: 1, author: "me", name: "Ann" });
const report = (id, state, more = {}) => ({ ...draft(id), order: `2${id}`, at_ms: 2, state, ...more });
const other = (id, order) => ({ ...draft(id), author: "bob", name: "Bob", own: false, order });
const order = () => messages.rows(CHANNEL).map((row) => row.id).join("");

beforeEach(() => {
  clock = new FakeClock();
  listener = recorder("changed", "removed", "changeTold");
  messages = new OptimisticUIManager(clock, listener);
  messages.setLinked(true);
});

test("a written message is a pending row at once", () => {
  messages.written(draft("a"));
  assert.equal(messages.row("a").state, "pending");
  assert.deepEqual(
    listener.calls.map(([name, row, from]) => [name, row.id, from]),
    [["changed", "a", null]],
  );
});

test("one row per id, whatever arrives twice and in whatever order", () => {
  messages.written(draft("a"));
  messages.reported(report("a", "sent"));
  messages.received({ ...report("a"), own: true });
  messages.reported(report("a", "sent"));
  messages.written(draft("a"));
  messages.received({ ...report("a"), own: true });
  assert.equal(order(), "a");
  assert.equal(messages.row("a").state, "sent");
  assert.equal(messages.received(other("b", "1")), true);
  assert.equal(messages.received(other("b", "1")), false);
  assert.equal(order(), "ba");
});

test("pending rows stand at the end until the node's answer brings their place", () => {
  messages.written(draft("a"));
  messages.received(other("z", "3z"));
  assert.equal(order(), "za");
  const element = messages.row("a");
  messages.reported(report("a", "pending"));
  assert.equal(order(), "az");
  assert.equal(messages.row("a"), element, "it is the same row");
});

test("nothing is said for 300 ms, then Sending, at 2 s Still sending", () => {
  messages.written(draft("a"));
  clock.pass(299);
  assert.equal(messages.row("a").stage, 0);
  clock.pass(1);
  assert.equal(messages.row("a").stage, 1);
  clock.pass(1700);
  assert.equal(messages.row("a").stage, 2);
});

test("5 s without a quorum after the node has accepted it is a failure with a remedy", () => {
  messages.written(draft("a"));
  messages.reported(report("a", "pending"));
  clock.pass(4999);
  assert.equal(messages.row("a").state, "pending");
  clock.pass(QUORUM_MS - 4999);
  assert.equal(messages.row("a").state, "failed");
  assert.equal(messages.row("a").error.code, "NO_QUORUM");
  assert.ok(messages.row("a").error.remedy);
});

test("repeated reports do not give a message more time", () => {
  messages.written(draft("a"));
  for (let k = 0; k < 5; k += 1) {
    messages.reported(report("a", "pending", { stored: { k, of: 9 } }));
    clock.pass(QUORUM_MS / 5);
  }
  assert.equal(messages.row("a").state, "failed");
});

test("what the node has not accepted never fails by time, connected or not", () => {
  messages.written(draft("a"));
  clock.pass(3_600_000);
  assert.equal(messages.row("a").state, "pending");
  messages.setLinked(false);
  assert.equal(messages.row("a").phase, "queued");
  clock.pass(3_600_000);
  assert.equal(messages.row("a").state, "pending");
  assert.equal(clock.waiting, 0);
});

test("without a connection an accepted message does not fail; the time counts from its return", () => {
  messages.written(draft("a"));
  messages.reported(report("a", "pending"));
  clock.pass(3000);
  messages.setLinked(false);
  clock.pass(60_000);
  assert.equal(messages.row("a").state, "pending");
  messages.setLinked(true);
  clock.pass(QUORUM_MS - 1);
  assert.equal(messages.row("a").state, "pending");
  clock.pass(1);
  assert.equal(messages.row("a").state, "failed");
});

test("in a channel that is still being joined it waits", () => {
  messages.setReady(CHANNEL, false);
  messages.written(draft("a"));
  messages.reported(report("a", "pending"));
  assert.equal(messages.row("a").phase, "queued");
  clock.pass(60_000);
  assert.equal(messages.row("a").state, "pending");
  messages.setReady(CHANNEL, true);
  assert.equal(messages.row("a").phase, "sending");
  clock.pass(QUORUM_MS);
  assert.equal(messages.row("a").state, "failed");
});

test("a late receipt turns failed into sent, and nothing turns it back", () => {
  messages.written(draft("a"));
  messages.reported(report("a", "failed", { error: { code: "NO_QUORUM", message: "m", remedy: "r" } }));
  assert.equal(messages.row("a").error.message, "m");
  messages.reported(report("a", "sent", { stored: { k: 3, of: 5 } }));
  assert.equal(messages.row("a").state, "sent");
  assert.equal(messages.row("a").error, null);
  messages.reported(report("a", "failed"));
  messages.reported(report("a", "pending"));
  messages.refused("a", { code: "X", message: "x", remedy: "" });
  assert.equal(messages.row("a").state, "sent");
});

test("counts never go down", () => {
  messages.reported(report("a", "sent", { stored: { k: 3, of: 5, machines: 2 } }));
  messages.reported(report("a", "delivered", { delivered: { n: 4, m: 9 } }));
  messages.reported(report("a", "sent", { stored: { k: 1, of: 3, machines: 1 }, delivered: { n: 2, m: 3 } }));
  const row = messages.row("a");
  assert.equal(row.state, "delivered");
  assert.deepEqual(row.stored, { k: 3, of: 5, machines: 2 });
  assert.deepEqual(row.delivered, { n: 4, m: 9 }, "a late report completes nothing");
});

test("alone ends with the second node's receipt", () => {
  messages.reported(report("a", "sent", { alone: true, stored: { k: 1, of: 1 } }));
  assert.equal(messages.row("a").alone, true);
  messages.reported(report("a", "sent", { alone: false, stored: { k: 2, of: 3 } }));
  assert.equal(messages.row("a").alone, false);
});

test("a retry makes a failed row pending again, with all its time; others are left alone", () => {
  messages.written(draft("a"));
  messages.refused("a", { code: "TOO_LARGE", message: "m", remedy: "r" });
  assert.equal(messages.row("a").state, "failed");
  messages.retried("a");
  assert.equal(messages.row("a").state, "pending");
  assert.equal(messages.row("a").error, null);
  messages.reported(report("a", "sent"));
  messages.retried("a");
  assert.equal(messages.row("a").state, "sent");
});

test("a discarded row stays away, unless a receipt shows that it went out all the same", () => {
  messages.written(draft("a"));
  messages.discarded("a");
  messages.reported(report("a", "pending"));
  messages.reported(report("a", "failed"));
  assert.equal(order(), "");
  messages.reported(report("a", "sent"));
  assert.equal(order(), "a");
});

test("a discarded row is not back because the node has not heard of it yet, and is when it can't be discarded", () => {
  messages.written(draft("a"));
  messages.reported(report("a", "pending"));
  messages.discarded("a");
  const word = { ...draft("a"), order: "1", own: true };
  assert.equal(messages.received(word), false);
  messages.paged(word);
  assert.equal(order(), "");
  messages.kept("a");
  assert.equal(order(), "a");
});

test("a rate limit is waiting, not failing", () => {
  messages.written(draft("a"));
  messages.waiting("a", clock.now() + 7000);
  assert.equal(messages.row("a").phase, "waiting");
  clock.pass(60_000);
  assert.equal(messages.row("a").state, "pending");
  messages.handingOver("a");
  assert.equal(messages.row("a").phase, "sending");
});

test("the button is busy until the node has accepted, or the outbox keeps it", () => {
  messages.written(draft("a"));
  assert.equal(messages.isHandingOver(CHANNEL), true);
  messages.reported(report("a", "pending"));
  assert.equal(messages.isHandingOver(CHANNEL), false);
  messages.written(draft("b"));
  messages.queued("b");
  assert.equal(messages.isHandingOver(CHANNEL), false);
});

test("timers end with their rows", () => {
  messages.written(draft("a"));
  messages.reported(report("a", "pending"));
  messages.written(draft("b"));
  messages.forget(CHANNEL);
  messages.discarded("b");
  assert.equal(clock.waiting, 0);
  assert.equal(order(), "");
});

test("what the node never had outlives its channel: it is unsent, says why, and is there when the channel is", () => {
  messages.received(other("o", "1"));
  messages.written(draft("a"));
  messages.reported(report("a", "pending"));
  messages.written(draft("b"));
  messages.written({ ...draft("c"), kind: "edit", target: "o" });
  messages.forget(CHANNEL);
  for (const id of ["b", "c"]) messages.refused(id, { code: "NOT_A_MEMBER", message: "Not joined", remedy: "Join" });
  assert.deepEqual(
    messages.unsent.map(({ id, error }) => [id, error.code]),
    [
      ["b", "NOT_A_MEMBER"],
      ["c", "NOT_A_MEMBER"],
    ],
  );
  assert.equal(order(), "b");
  messages.received(other("o", "1"));
  assert.equal(order(), "ob");
});

test("one that asks, or failed here, and stands in the channel's history has got through", () => {
  for (const id of ["a", "b", "c"]) messages.written(draft(id));
  messages.asking("a");
  messages.refused("b", { code: "TOO_LARGE", message: "long", remedy: "cut" });
  const arrived = [];
  messages.onAccepted = (id) => arrived.push(id);
  for (const id of ["a", "b", "c"]) messages.paged({ ...other(id, id), author: "me", own: true });
  assert.deepEqual(["a", "b", "c"].map((id) => messages.row(id).state), ["sent", "sent", "pending"]);
  assert.deepEqual(arrived, ["a", "b"], "one that is on its way is the outbox' to hear of");
});

test("one that got through with an earlier page is no row of its own, unless it stands where it belongs", () => {
  for (const id of ["a", "b"]) messages.written(draft(id));
  messages.written({ ...draft("c"), kind: "edit", target: "o" });
  messages.reported(report("b", "sent"));
  for (const id of ["a", "b", "c", "unknown"]) messages.through(id);
  assert.deepEqual([order(), messages.entry("c")], ["b", undefined]);
});

test("a name that becomes known is everywhere", () => {
  messages.received({ ...other("b", "1"), name: "" });
  messages.renamed(CHANNEL, "bob", "Robert");
  assert.equal(messages.row("b").name, "Robert");
});

test("an old message asks, in words with its age, until its writer has decided", () => {
  messages.written({ ...draft("a"), at_ms: clock.now() - 2 * 3_600_000 });
  messages.asking("a");
  const { text, actions } = rowWords(messages.row("a"), clock.now());
  assert.equal(text, "Written 2 h ago: send now?");
  assert.deepEqual(actions, ["send", "discard"]);
  assert.equal(messages.isHandingOver(CHANNEL), false);
  messages.retried("a");
  assert.equal(messages.row("a").phase, "sending");
});

test("unsent are failed, queued and asking ones of all channels, and those that take long", () => {
  for (const id of ["a", "b", "c", "d"]) messages.written({ ...draft(id), channel: `#${id}` });
  messages.refused("a", { code: "TOO_LARGE", message: "m", remedy: "r" });
  messages.queued("b");
  messages.reported(report("d", "sent", { channel: "#d" }));
  assert.deepEqual(messages.unsent.map((row) => row.id), ["a", "b"]);
  clock.pass(3000);
  assert.deepEqual(messages.unsent.map((row) => row.id), ["a", "b", "c"]);
});
