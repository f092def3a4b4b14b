/** What changed above a snapshot while the page was away: seen as it is as soon as it comes near what is in sight. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Freshening, RETRY_MS } from "../../static/webchat/js/freshening.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { FakeClock } from "./fakes.mjs";
import { NodeDouble } from "./nodedouble.mjs";
import { PageDouble } from "./pagedouble.mjs";
import { Wire } from "./wiredouble.mjs";

const LOBBY = "#lobby";
const COUNT = 300;
const nothing = () => {};

let node;
let wire;
let clock;
let page;

const id = (n) => `b${n}`;
const rows = () => page.messages.rows(LOBBY);
const stale = () => rows().filter((row) => row.isStale).map((row) => row.id);
const asked = () => wire.trace.filter((line) => line.includes("to node history.page")).length;

/** The rows from one to another come near what is in sight, again and again as a page draws. */
async function look(from, to) {
  for (let times = 0; times < 5; times += 1) {
    const first = rows().findIndex((row) => row.id === id(from));
    page.freshening.near(rows().slice(first, first + to - from + 1));
    await wire.run();
  }
}

async function away(act) {
  page.connection.interrupted("link.offline");
  node.restart();
  act();
  page.connection.tryNow();
  await wire.run();
}

beforeEach(async () => {
  node = new NodeDouble();
  node.channel(LOBBY).isJoined = true;
  for (let n = 0; n < COUNT; n += 1) node.says(LOBBY, id(n), `text ${n}`);
  clock = new FakeClock();
  wire = new Wire(node, null, nothing);
  const listener = { changed: nothing, removed: nothing, changeTold: nothing };
  page = new PageDouble({ store: new MemoryStore(), memory: new Map(), clock, makeSocket: wire.makeSocket, listener });
  await page.start();
  await wire.run();
  for (let pages = 0; pages < 4; pages += 1) {
    page.loadOlder(LOBBY);
    await wire.run();
  }
  assert.equal(rows().length, COUNT);
});

test("what the snapshot tells looks as it is, what stands above may be old", async () => {
  await away(nothing);
  assert.equal(stale().at(-1), id(COUNT - 51));
  assert.equal(stale().length, COUNT - 50);
});

test("an edit, a deletion and a reaction made meanwhile are seen when their rows come near", async () => {
  await away(() => {
    node.changes(LOBBY, id(100), { id: "e1", kind: "edit", text: "edited" });
    node.changes(LOBBY, id(101), { id: "e2", kind: "delete" });
    node.changes(LOBBY, id(102), { id: "e3", kind: "reaction", emoji: "!", on: true });
  });
  assert.equal(page.messages.row(id(100)).text, "text 100");
  const before = asked();
  await look(90, 110);
  const shown = [100, 101, 102].map((n) => page.messages.row(id(n)));
  assert.deepEqual(
    shown.map(({ text, deleted, reactions }) => [text, deleted, reactions.length]),
    [
      ["edited", false, 0],
      ["", true, 0],
      ["text 102", false, 1],
    ],
  );
  assert.equal(asked(), before + 1, "one page for what is in sight, and no more");
  assert.ok(rows().every((row) => !row.gap));
});

test("what came late among the old ones is there as well, without a gap that stays", async () => {
  const late = node.messages(LOBBY)[120];
  const { log } = node.channel(LOBBY);
  await away(() => log.set("late", { ...late, id: "late", text: "late", order: `${late.order}5` }));
  // The double tells its log in the order of writing.
  node.channel(LOBBY).log = new Map([...log].sort(([, a], [, b]) => (a.order < b.order ? -1 : 1)));
  await look(100, 130);
  assert.equal(rows()[rows().findIndex((row) => row.id === "late") - 1].id, id(120));
  assert.ok(rows().every((row) => !row.gap));
});

test("an event after the snapshot wins over the page that was asked for before it", async () => {
  await away(nothing);
  const near = rows().slice(90, 110);
  page.freshening.near(near);
  const old = structuredClone(node.messages(LOBBY).find((message) => message.id === id(100)));
  node.changes(LOBBY, id(100), { id: "e1", kind: "edit", text: "newest" });
  page.messages.changed(node.messages(LOBBY).find((message) => message.id === id(100)));
  page.messages.paged(old);
  assert.equal(page.messages.row(id(100)).text, "newest");
});

test("what has no place among the others yet is not asked for", async () => {
  page.connection.interrupted("link.offline");
  await page.acts.send(LOBBY, "not sent");
  page.messages.beginSnapshot(LOBBY, new Set());
  assert.equal(rows().at(-1).isStale, false);
});

test("what the node does not hold any more is asked for once", async () => {
  await away(() => {
    for (let n = 0; n < 150; n += 1) node.channel(LOBBY).log.delete(id(n));
  });
  const before = asked();
  await look(60, 110);
  assert.equal(asked(), before + 1);
});

test("what can't be had is asked for again later, not all the time", async () => {
  await away(nothing);
  const near = rows().slice(90, 110);
  page.freshening.near(near);
  page.connection.interrupted("link.offline");
  await wire.run();
  page.connection.tryNow();
  await wire.run();
  const before = asked();
  await look(90, 110);
  assert.equal(asked(), before);
  clock.pass(RETRY_MS);
  await look(90, 110);
  assert.equal(asked(), before + 1);
});

test("a gap behind what may be old is not filled unasked", async () => {
  await away(() => {
    for (let n = 0; n < 400; n += 1) node.says(LOBBY, `new${n}`, "new");
    node.changes(LOBBY, id(COUNT - 1), { id: "e1", kind: "edit", text: "edited" });
  });
  assert.equal(rows().length, COUNT + 50);
  const before = asked();
  await look(COUNT - 10, COUNT - 1);
  assert.equal(page.messages.row(id(COUNT - 1)).text, "edited");
  assert.equal(asked(), before + 1);
  assert.equal(rows().length, COUNT + 50);
  assert.deepEqual(rows().filter((row) => row.gap).map((row) => row.id), ["new350"]);
});

test("the pause ends with its timer, also where the clock is a little behind it", async () => {
  const timers = [];
  let loads = 0;
  const its = {
    load: async () => {
      loads += 1;
      throw new Error("away");
    },
    isOpen: () => true,
    clock: { now: () => 0, later: (ms, call) => timers.push(call) },
    again: () => freshening.near([{ channel: LOBBY, order: "00", isStale: true }]),
  };
  const freshening = new Freshening(its);
  await its.again();
  await its.again();
  assert.equal(loads, 1);
  timers[0]();
  assert.equal(loads, 2);
});
