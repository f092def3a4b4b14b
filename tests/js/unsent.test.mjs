/** What is unsent, over pages and channels that come and go: the whole page against the node's double. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ASK_AFTER_MS } from "../../static/webchat/js/ageing.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { FakeClock } from "./fakes.mjs";
import { NodeDouble } from "./nodedouble.mjs";
import { PageDouble } from "./pagedouble.mjs";
import { Wire } from "./wiredouble.mjs";

const LOBBY = "#lobby";
const nothing = () => {};

let node;
let store;
let clock;
let memory;
let wire;
let states; // of the row that changed, one after the other

async function openPage() {
  wire = new Wire(node, null, nothing);
  const listener = { changed: (row) => states.push(row.state), removed: nothing, changeTold: nothing };
  const page = new PageDouble({ store, memory, clock, makeSocket: wire.makeSocket, listener });
  await page.start();
  await wire.run();
  return page;
}

beforeEach(() => {
  node = new NodeDouble();
  node.channel(LOBBY).isJoined = true;
  store = new MemoryStore();
  clock = new FakeClock();
  memory = new Map();
  states = [];
});

test("what the node accepted without the page hearing so is no question hours later, but its own message", async () => {
  const first = await openPage();
  await first.acts.send(LOBBY, "got through");
  const [record] = store.records.values();
  await wire.run();
  for (let n = 0; n < 3; n += 1) node.step();
  node.channel(LOBBY).outbox.clear(); // long ago
  wire.endAll();
  await store.put({ ...record, at_ms: clock.now() }); // as if the page had gone before it could drop it

  clock.pass(ASK_AFTER_MS + 1);
  const { messages } = await openPage();
  assert.deepEqual(messages.rows(LOBBY).map(({ text, state }) => [text, state]), [["got through", "sent"]]);
  assert.deepEqual([messages.unsent, store.records.size, node.accepted.length], [[], 0, 1]);
});

test("a failed one that is written anew goes out under a new id, and nothing is left of the old one", async () => {
  node.failing.add("helo");
  const page = await openPage();
  const rewritten = [];
  page.screen.rewrite = (...given) => rewritten.push(given);
  await page.acts.send(LOBBY, "helo");
  await wire.run();
  node.step();
  await wire.run();
  const [failed] = page.messages.rows(LOBBY);
  assert.equal(failed.state, "failed");
  await page.acts.act("edit", failed.id);
  await wire.run();
  assert.deepEqual(rewritten, [[LOBBY, "helo", null]]);
  assert.deepEqual([page.messages.rows(LOBBY), node.channel(LOBBY).outbox.size, store.records.size], [[], 0, 0]);
  await page.acts.send(LOBBY, "hello");
  await wire.run();
  for (let n = 0; n < 3; n += 1) node.step();
  await wire.run();
  const [row, ...more] = page.messages.rows(LOBBY);
  assert.deepEqual([row.text, row.state, more], ["hello", "delivered", []]);
  assert.notEqual(row.id, failed.id);
  assert.deepEqual(node.accepted, [failed.id, row.id]);
  assert.deepEqual(node.messages(LOBBY).map(({ id, text }) => [id, text]), [[row.id, "hello"]]);
});

/** A page that hears how to undo; the node has accepted "hello", or refused it for want of a quorum. */
async function cancelling(fails) {
  if (fails) node.failing.add("hello");
  const page = await openPage();
  page.undos = [];
  page.overs = [];
  page.screen.discarded = (_, undo, over) => {
    page.undos.push(undo);
    page.overs.push(over);
  };
  await page.acts.send(LOBBY, "hello");
  await wire.run();
  if (fails) node.step();
  await wire.run();
  return page;
}

async function cutAndDiscard(page, action) {
  wire.isDown = true;
  page.connection.interrupted("link.offline");
  const [{ id }] = page.messages.rows(LOBBY);
  await page.acts.act(action, id);
  assert.deepEqual(page.messages.rows(LOBBY), []);
  return id;
}

async function mendAndDeliver(page) {
  wire.isDown = false;
  page.connection.tryNow();
  for (let n = 0; n < 4; n += 1) {
    await wire.run();
    node.step();
  }
  await wire.run();
}

test("a cancel without a connection that is undone leaves one message, under its id", async () => {
  const page = await cancelling(false);
  const id = await cutAndDiscard(page, "cancel");
  await page.undos[0]();
  for (let n = 0; n < 3; n += 1) node.step(); // it had gone out, and gets to everybody meanwhile
  await mendAndDeliver(page);
  assert.deepEqual(node.messages(LOBBY).map((each) => [each.id, each.text]), [[id, "hello"]]);
  assert.deepEqual(page.messages.rows(LOBBY).map((row) => [row.id, row.state]), [[id, "delivered"]]);
  assert.deepEqual([node.accepted, store.records.size], [[id], 0]);
});

test("a discard without a connection that is undone waits for Retry, which sends the same one", async () => {
  const page = await cancelling(true);
  const id = await cutAndDiscard(page, "discard");
  await page.undos[0]();
  assert.deepEqual(page.messages.rows(LOBBY).map((row) => [row.id, row.state]), [[id, "failed"]]);
  await mendAndDeliver(page);
  assert.equal(page.messages.row(id).state, "failed");
  await page.acts.act("retry", id);
  await mendAndDeliver(page);
  assert.deepEqual([page.messages.row(id).state, node.accepted, store.records.size], ["delivered", [id], 0]);
});

test("once a discard without a connection can't be undone any more, its text is not on the disk either", async () => {
  const page = await cancelling(true);
  const id = await cutAndDiscard(page, "discard");
  assert.equal(store.records.get(id).text, "hello");
  await page.overs[0]();
  const { op, text } = store.records.get(id);
  assert.deepEqual([op, text], ["discard", ""]);
  await mendAndDeliver(page);
  assert.deepEqual([node.messages(LOBBY), page.messages.rows(LOBBY), store.records.size], [[], [], 0]);
});

test("one that is undone keeps its text, and one that is written anew leaves none", async () => {
  const page = await cancelling(true);
  const id = await cutAndDiscard(page, "discard");
  await page.undos[0]();
  await page.overs[0]();
  assert.equal(store.records.get(id).text, "hello");
  page.screen.rewrite = nothing;
  await page.acts.act("edit", id);
  const { op, text } = store.records.get(id);
  assert.deepEqual([op, text], ["discard", ""]);
});

test("undone when the node has discarded it: a new one; when it could not be discarded: nothing is written anew", async () => {
  const page = await cancelling(true);
  const id = await cutAndDiscard(page, "discard");
  await mendAndDeliver(page);
  assert.deepEqual(node.messages(LOBBY), []);
  await page.undos[0]();
  const [row] = page.messages.rows(LOBBY);
  assert.deepEqual([row.state, row.id === id], ["failed", false]);
  await page.acts.act("retry", row.id);
  await mendAndDeliver(page);
  await page.acts.act("discard", row.id);
  node.channel(LOBBY).outbox.clear(); // it was through long ago
  await wire.run();
  await page.undos[1]();
  await mendAndDeliver(page);
  assert.deepEqual(node.messages(LOBBY).map((each) => [each.id, each.text]), [[row.id, "hello"]]);
  assert.equal(page.messages.rows(LOBBY).length, 1);
});

test("one that is tried again is the same one", async () => {
  node.failing.add("hello");
  const page = await openPage();
  await page.acts.send(LOBBY, "hello");
  await wire.run();
  node.step();
  await wire.run();
  const [{ id }] = page.messages.rows(LOBBY);
  await page.acts.act("retry", id);
  await wire.run();
  for (let n = 0; n < 3; n += 1) node.step();
  await wire.run();
  assert.deepEqual(page.messages.rows(LOBBY).map((row) => [row.id, row.state]), [[id, "delivered"]]);
  assert.deepEqual(node.accepted, [id]);
});

test("what was written for a channel that was left elsewhere meanwhile stays in sight, with the reason", async () => {
  const page = await openPage();
  wire.isDown = true;
  page.connection.interrupted("link.offline");
  await page.acts.send(LOBBY, "still mine");
  node.channels.delete(LOBBY);
  node.restart();
  wire.isDown = false;
  page.connection.tryNow();
  await wire.run();
  assert.equal(page.channels.get(LOBBY), undefined);
  assert.deepEqual(page.messages.unsent.map(({ text, error }) => [text, error.code]), [["still mine", "NOT_A_MEMBER"]]);
  await page.acts.act("discard", page.messages.unsent[0].id);
  await wire.run();
  assert.deepEqual([page.messages.unsent, store.records.size], [[], 0]);
});

test("a retry without a connection waits, and the node's word of the old failure does not end it", async () => {
  const page = await cancelling(true);
  wire.isDown = true;
  page.connection.interrupted("link.offline");
  const [row] = page.messages.rows(LOBBY);
  assert.equal(row.state, "failed");
  await page.acts.act("retry", row.id);
  assert.deepEqual([row.state, row.phase], ["pending", "queued"]);
  states = [];
  wire.isDown = false;
  page.connection.tryNow();
  await wire.run(); // the welcome tells of the failure, then the retry goes out
  assert.deepEqual([row.state, row.phase, row.awaited], ["pending", "sending", false]);
  assert.deepEqual([...new Set(states)], ["pending"]);
  for (let n = 0; n < 3; n += 1) node.step();
  await wire.run();
  assert.equal(row.state, "delivered");
});

test("what waits for a limit waits for the connection once there is none", async () => {
  const page = await openPage();
  node.limited = 1;
  await page.acts.send(LOBBY, "hello");
  await wire.run();
  const [row] = page.messages.rows(LOBBY);
  assert.equal(row.phase, "waiting");
  page.connection.interrupted("link.offline");
  assert.equal(row.phase, "queued");
});

test("a retry that a limit holds back does not fail by the page's clock", async () => {
  const page = await cancelling(true);
  const [row] = page.messages.rows(LOBBY);
  node.limited = 1;
  await page.acts.send(LOBBY, "one too many");
  await wire.run();
  await page.acts.act("retry", row.id);
  assert.deepEqual([row.state, row.phase], ["pending", "waiting"]);
  clock.pass(900);
  assert.equal(row.state, "pending");
  clock.pass(100);
  await wire.run();
  assert.deepEqual([row.state, row.phase, row.awaited], ["pending", "sending", false]);
});

test("a retry of an earlier page is one that goes on, not a failure", async () => {
  const first = await cancelling(true);
  wire.isDown = true;
  first.connection.interrupted("link.offline");
  const [{ id }] = first.messages.rows(LOBBY);
  await first.acts.act("retry", id);
  wire.endAll();
  const page = await openPage();
  const row = page.messages.row(id);
  assert.deepEqual([row.state, row.phase, store.records.size], ["pending", "sending", 0]);
});
