/** Own edits, deletions and reactions: seen at once, never lost in between, never rows of their own. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { changed, hasReacted, lookOf, unchanged } from "../../static/webchat/js/looks.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { Outbox } from "../../static/webchat/js/outbox.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { outboxReports } from "../../static/webchat/js/outboxreports.js";
import { REMOVALS_MAX } from "../../static/webchat/js/removals.js";
import { rowWords, unsentWords } from "../../static/webchat/js/rowwords.js";
import { QUORUM_MS } from "../../static/webchat/js/watch.js";
import { FakeClock, recorder } from "./fakes.mjs";

const CHANNEL = "#lobby";
const place = { channel: CHANNEL, order: "1", at_ms: 1 };
const mine = (more = {}) => ({ ...place, id: "a", text: "helo", html: "<p>helo</p>", author: "me", name: "Ann", own: true, ...more });
const theirs = (more = {}) => ({ ...mine(), id: "b", order: "2", author: "bob", name: "Bob", own: false, ...more });
const change = (kind, more = {}) => ({ ...place, id: "x1", kind, target: "a", text: "", emoji: "", on: true, author: "me", ...more });
const edit = (more) => change("edit", { text: "hello", ...more });
const report = (record, state, more = {}) => ({ ...record, order: "9", state, ...more });
const error = { code: "NOT_AUTHOR", message: "Not yours", remedy: "Ask." };

const aloneTab = { tell() {}, lead() {}, resign() {} };

let clock;
let listener;
let messages;
const row = (id = "a") => messages.row(id);

beforeEach(() => {
  clock = new FakeClock();
  listener = recorder("changed", "removed", "changeTold");
  messages = new OptimisticUIManager(clock, listener);
  messages.setLinked(true);
  messages.received(mine());
  messages.received(theirs());
});

test("an edit is seen at once, without the HTML of the old text, and marked pending", () => {
  messages.written(edit({ at_ms: 7 }));
  assert.deepEqual([row().text, row().html, row().edited_ms], ["hello", "", 7]);
  assert.equal(row().change.state, "pending");
  assert.equal(row().state, "sent");
});

test("no change is ever a row, whoever reports it first", () => {
  messages.written(edit());
  messages.reported(report(edit(), "pending"), "me");
  messages.reported(report(change("reaction", { id: "x2", emoji: "👍" }), "delivered"), "me");
  messages.reported(report(change("delete", { id: "x3", target: "unknown" }), "pending"), "me");
  assert.deepEqual(messages.rows(CHANNEL).map((each) => each.id), ["a", "b"]);
});

test("between the node's answer and its word on the look nothing falls back", () => {
  messages.written(edit());
  messages.reported(report(edit({ html: "<p>hello</p>" }), "pending"), "me");
  assert.deepEqual([row().text, row().html], ["hello", "<p>hello</p>"]);
  messages.reported(report(mine(), "delivered"), "me");
  assert.equal(row().text, "hello", "a late receipt of the first text changes no text");
  messages.changed(mine({ text: "hello", html: "<p>hello</p>", edited_ms: 5 }));
  messages.reported(report(edit(), "sent"), "me");
  assert.deepEqual([row().text, row().edited_ms, row().change], ["hello", 5, null]);
});

test("a late state of an edit does not bring its text back over a newer one", () => {
  messages.written(edit());
  messages.reported(report(edit(), "pending"), "me");
  messages.changed(mine({ text: "newer, from another page" }));
  messages.reported(report(edit(), "delivered"), "me");
  assert.equal(row().text, "newer, from another page");
});

test("a refused change says why on its target's row; discarding restores the old look", () => {
  messages.written(edit());
  messages.refused("x1", error);
  assert.equal(listener.calls.filter(([name, , from]) => name === "changeTold" && from === "pending").length, 1);
  const words = rowWords(row(), 0);
  assert.equal(words.text, "Edit not saved: Not yours. Ask.");
  assert.deepEqual([words.code, ...words.actions], ["NOT_AUTHOR", "retry", "discard"]);
  assert.equal(row().text, "hello");
  messages.discarded("x1");
  assert.deepEqual([row().text, row().html, row().change], ["helo", "<p>helo</p>", null]);
  assert.equal(rowWords(row(), 0).text, "Sent");
});

test("discarding what the node had accepted restores the old look as well", () => {
  for (const each of [edit(), change("reaction", { emoji: "👍" }), change("delete")]) {
    messages.written(each);
    messages.reported(report(each, "failed", { error }), "me");
    assert.equal(row().change.state, "failed");
    messages.discarded(each.id);
    assert.deepEqual([row().text, row().deleted, row().reactions], ["helo", false, []], each.kind);
    messages.retried(each.id);
  }
});

test("what was discarded is not back because the node has not heard of it yet", () => {
  const heard = { edit: { text: "hello" }, delete: { text: "", deleted: true }, reaction: { reactions: [["👍", ["me", "bob"]]] } };
  for (const each of [edit(), change("reaction", { id: "x2", emoji: "👍" }), change("delete", { id: "x3" })]) {
    messages.written(each);
    messages.reported(report(each, "failed", { error }), "me");
    messages.discarded(each.id);
    messages.beginSnapshot(CHANNEL, new Set());
    messages.received(mine(heard[each.kind]));
    const bobs = each.kind === "reaction" ? [["👍", ["bob"]]] : [];
    assert.deepEqual([row().text, row().deleted, row().reactions], ["helo", false, bobs], each.kind);
    messages.changed(mine());
    messages.changed(mine(heard[each.kind]));
    assert.equal(row().text, heard[each.kind].text ?? "helo", "once the node has heard of it, its word counts");
    messages.changed(mine());
  }
});

test("what was discarded before a reload does not flash up after it, and is told once it went out all the same", async () => {
  const store = new MemoryStore();
  const page = async (manager) => {
    const app = { messages: manager, me: { id: "me", name: "Ann" } };
    app.outbox = new Outbox({ store, clock, tabs: aloneTab, listener: outboxReports(app) });
    await app.outbox.start();
    return app.outbox;
  };
  const first = await page(messages);
  messages.written(edit());
  messages.reported(report(edit(), "pending"), "me");
  messages.changed(mine({ text: "hello", edited_ms: 5 }));
  await first.discard(messages.entry("x1"), messages.without("x1"));

  messages = new OptimisticUIManager(clock, listener);
  await page(messages);
  messages.received(mine({ text: "hello", edited_ms: 5 }));
  messages.reported(report(edit(), "pending"), "me");
  assert.deepEqual([row().text, row().edited_ms], ["helo", 0]);

  messages.reported(report(edit(), "sent"), "me");
  assert.equal(row().text, "hello");
});

test("an edit that the page thinks unanswered is discarded as well, whatever the snapshot says", () => {
  messages.written(edit());
  messages.handingOver("x1");
  messages.setLinked(false);
  messages.discarded("x1");
  messages.setLinked(true);
  messages.received(mine({ text: "hello", html: "<p>hello</p>" }));
  assert.deepEqual([row().text, row().html], ["helo", "<p>helo</p>"]);
  messages.kept("x1");
  assert.equal(row().text, "hello", "it had gone out");
});

test("a discarded change that got through all the same is seen again", () => {
  messages.written(edit());
  messages.reported(report(edit(), "pending"), "me");
  messages.discarded("x1");
  messages.reported(report(edit(), "pending"), "me");
  assert.equal(row().text, "helo");
  messages.reported(report(edit(), "sent"), "me");
  assert.deepEqual([row().text, row().change], ["hello", null]);
});

test("an accepted change without a quorum fails after its time, and a retry gives it all of it again", () => {
  messages.written(edit());
  messages.reported(report(edit(), "pending"), "me");
  clock.pass(QUORUM_MS);
  assert.equal(row().change.error.code, "NO_QUORUM");
  messages.retried("x1");
  assert.equal(row().change.state, "pending");
  messages.reported(report(edit(), "sent"), "me");
  assert.equal(row().change, null);
  assert.equal(clock.waiting, 0);
});

test("a failed change and a pending one: the row tells of the failed one", () => {
  messages.written(edit());
  messages.refused("x1", error);
  messages.written(change("reaction", { id: "x2", emoji: "👍" }));
  assert.equal(row().change.id, "x1");
  assert.deepEqual(row().reactions, [["👍", ["me"]]]);
});

test("a reaction to another's message shows its trouble there", () => {
  messages.written(change("reaction", { target: "b", emoji: "🎉" }));
  messages.refused("x1", error);
  assert.match(rowWords(row("b"), 0).text, /^Reaction not sent: Not yours/);
});

test("a deletion says on how many other nodes it is done, and never more than is known", () => {
  messages.written(change("delete"));
  assert.deepEqual([row().deleted, row().text, rowWords(row(), 0).text], [true, "", ""]);
  messages.reported(report(change("delete"), "sent", { delivered: { n: 0, m: 3 } }), "me");
  assert.equal(rowWords(row(), 0).text, "Removed from view on 0 of 3 other nodes");
  messages.reported(report(change("delete"), "delivered", { delivered: { n: 2, m: 3 } }), "me");
  messages.reported(report(change("delete"), "delivered", { delivered: { n: 1, m: 3 } }), "me");
  assert.equal(rowWords(row(), 0).text, "Removed from view on 2 of 3 other nodes");
  messages.received(theirs({ deleted: true, text: "" }));
  assert.equal(rowWords(row("b"), 0).text, "");
});

test("a change waits with its outbox, in the words of a message", () => {
  messages.setLinked(false);
  messages.written(edit());
  assert.equal(rowWords(row(), 0).text, "Waiting for connection, will send by itself");
  messages.setLinked(true);
  messages.handingOver("x1");
  clock.pass(400);
  assert.equal(rowWords(row(), 0).text, "Saving the edit…");
});

test("events win over a page of history that they have overtaken", () => {
  messages.changed(mine({ id: "old", text: "edited" }));
  messages.paged(mine({ id: "old", order: "0", text: "first" }));
  assert.equal(row("old").text, "edited");
  messages.paged(mine({ text: "stale" }));
  assert.equal(row().text, "helo");
  messages.received(mine({ text: "a snapshot's word" }));
  assert.equal(row().text, "a snapshot's word");
});

test("the first text of an own message gives way to its look when that comes", () => {
  messages.reported(report(mine({ id: "c", text: "first" }), "pending"), "me");
  messages.paged(mine({ id: "c", text: "edited since" }));
  messages.reported(report(mine({ id: "c", text: "first" }), "sent"), "me");
  assert.equal(row("c").text, "edited since");
});

test("a change to what is not loaded is laid over it when it comes", () => {
  messages.written(change("edit", { target: "old", text: "new" }));
  messages.paged(mine({ id: "old", order: "0", text: "old" }));
  assert.equal(row("old").text, "new");
});

test("changes that did not get out are in the list of the unsent, in the order of writing, and leave it", () => {
  const words = () => messages.unsent.map((entry) => unsentWords(entry, row(entry.target), ({ text }) => text));
  messages.written(mine({ id: "x0", text: "new", order: "" }));
  messages.refused("x0", error);
  messages.written(edit());
  messages.refused("x1", error);
  messages.written(change("delete", { id: "x2" }));
  messages.queued("x2");
  messages.written(change("reaction", { id: "x3", target: "b", emoji: "🎉" }));
  messages.refused("x3", error);
  messages.written(change("reaction", { id: "x4", target: "old", emoji: "🎉", on: false }));
  messages.refused("x4", error);
  assert.deepEqual(words(), ["new", "Edit: hello", "Deletion of: helo", "🎉 to: helo", "Taking back 🎉 from an earlier message"]);
  for (const id of ["x1", "x2"]) messages.discarded(id);
  messages.retried("x3");
  messages.reported(report(messages.entry("x4"), "sent"), "me");
  assert.deepEqual(words(), ["new"]);
});

test("a failed change in the list says why, and how to go on, as on the row", () => {
  messages.written(change("reaction", { target: "old", emoji: "🎉" }));
  messages.refused("x1", error);
  const { text, code, actions } = rowWords(messages.entry("x1"), 0);
  assert.deepEqual([text, code, ...actions], ["Reaction not sent: Not yours. Ask.", "NOT_AUTHOR", "retry", "discard"]);
});

test("leaving a channel ends its changes and their timers", () => {
  messages.written(edit());
  messages.reported(report(edit(), "pending"), "me");
  messages.forget(CHANNEL);
  assert.equal(clock.waiting, 0);
});

test("reactions: each person once, in the order of reacting, and back again", () => {
  const on = (emoji) => ({ kind: "reaction", emoji, on: true });
  const off = (emoji) => ({ kind: "reaction", emoji, on: false });
  let look = lookOf({ text: "x" });
  for (const [each, by] of [[on("👍"), "bob"], [on("👍"), "me"], [on("👍"), "me"], [on("🎉"), "me"]]) look = changed(look, each, by);
  assert.deepEqual(look.reactions, [["👍", ["bob", "me"]], ["🎉", ["me"]]]);
  assert.ok(hasReacted(look, "🎉", "me") && !hasReacted(look, "🎉", "bob"));
  look = changed(look, off("🎉"), "me");
  assert.deepEqual(look.reactions, [["👍", ["bob", "me"]]]);
  assert.deepEqual(unchanged(look, on("👍"), "me", look).reactions, [["👍", ["bob"]]]);
  assert.deepEqual(changed(look, off("❓"), "me").reactions, look.reactions);
});

test("a deleted message stays deleted, whatever is said of it", () => {
  const gone = changed(lookOf({ text: "x", reactions: [["👍", ["bob"]]] }), { kind: "delete" }, "me");
  assert.deepEqual(changed(gone, edit(), "me"), gone);
  assert.deepEqual([gone.text, gone.reactions], ["", []]);
});

test("how many nodes have heard of a deletion is told of a message that is loaded later, and of one that comes again", () => {
  const deletion = (target, n) => report(change("delete", { id: `d ${target}`, target }), "delivered", { delivered: { n, m: 3 } });
  const removed = () => rowWords(row("old"), 0).text;
  messages.reported(deletion("old", 1), "me");
  messages.reported(deletion("old", 2), "me");
  messages.paged(mine({ id: "old", order: "0", text: "", deleted: true }));
  assert.equal(removed(), "Removed from view on 2 of 3 other nodes");
  messages.reported(deletion("old", 3), "me");
  messages.drop(row("old"));
  messages.paged(mine({ id: "old", order: "0", text: "", deleted: true }));
  assert.equal(removed(), "Removed from view on 3 of 3 other nodes");
  for (let n = 0; n < REMOVALS_MAX; n += 1) messages.reported(deletion(`other ${n}`, 1), "me");
  messages.reported(deletion("old", 1), "me");
  assert.equal(removed(), "Removed from view on 3 of 3 other nodes", "what a row says does not go back");
  messages.drop(row("old"));
  for (let n = 0; n < REMOVALS_MAX; n += 1) messages.reported(deletion(`other ${n}`, 1), "me");
  messages.paged(mine({ id: "old", order: "0", text: "", deleted: true }));
  assert.equal(removed(), "", "there is a bound to what is remembered");
});
