/** What the events alone tell a page is what a snapshot would, also where they come in an unusual order. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { paged } from "../../static/webchat/js/holding.js";
import { nodeReports } from "../../static/webchat/js/nodereports.js";
import { FakeClock, FakeSocket, recorder } from "./fakes.mjs";
import { PageDouble } from "./pagedouble.mjs";

const LOBBY = "#lobby";
const looks = { reply_to: "", edited_ms: 0, deleted: false, reactions: [], file: null, html: "" };
const message = (id, order) => ({ ...looks, id, channel: LOBBY, author: "bob", name: "Bob", text: id, order, at_ms: 1, own: false });

let page;
let reports;

const said = (type, fields) => reports.event({ type, cursor: "1:1", channel: LOBBY, ...fields });

beforeEach(() => {
  const clock = new FakeClock();
  const listener = recorder("changed", "removed", "changeTold");
  page = new PageDouble({ store: null, memory: new Map(), clock, makeSocket: () => new FakeSocket(), listener });
  page.loadNewest = async () => {};
  page.close = (name) => page.channels.left(name);
  reports = nodeReports(page);
});

test("a message that a page of history has brought before its event counts as unread once", () => {
  page.channels.joining(LOBBY);
  said("channel.read", { upto: "1", unread: 0, mentions: 0 });
  paged(page.messages, LOBBY, null, [message("a", "2")], false);
  said("message", { ...message("a", "2"), history: false });
  said("message", { ...message("b", "3"), history: false });
  assert.equal(page.channels.get(LOBBY).unread, 2);
  assert.deepEqual(page.messages.rows(LOBBY).map(({ id }) => id), ["a", "b"]);
});

test("who comes back by another page has the names and pictures that are told before the steps", () => {
  page.channels.joining(LOBBY);
  said("channel.left", {});
  assert.equal(page.channels.get(LOBBY), undefined);
  said("channel.name", { author: "bob", name: "Bob" });
  said("channel.card", { author: "bob", picture: "f00d" });
  said("channel.progress", { step: "node", index: 1, of: 6, elapsed_ms: 0, detail: "", done: true });
  said("channel.joined", { created: false, alone: false, elapsed_ms: 9, initiators: [], subscribers: [] });
  said("channel.read", { upto: "1", unread: 3, mentions: 1 });
  const { names, pictures, unread, mentions, join } = page.channels.get(LOBBY);
  assert.deepEqual([names.get("bob"), pictures.get("bob"), unread, mentions, join.state], ["Bob", "f00d", 3, 1, "joined"]);
});

test("what somebody else took back goes", () => {
  page.channels.joining(LOBBY);
  said("message", { ...message("a", "2"), history: false });
  said("message.discarded", { id: "a", author: "mallory" });
  assert.equal(page.messages.rows(LOBBY).length, 1, "anybody may give a message of his own the id of another's");
  said("message.discarded", { id: "a", author: "bob" });
  assert.deepEqual(page.messages.rows(LOBBY), []);
});

test("how a channel is counts only while there are a connection, a worker and a network, and comes again with the welcome", () => {
  const well = { state: "healthy", initiators: { k: 2, of: 2 }, error: null };
  const node = { state: "online", peers: 1, reason: "", address: "127.0.0.1:1", node_id: "me" };
  const channel = { name: LOBBY, joined: true, outbox: [], names: {}, pictures: {}, health: well };
  const greet = () => reports.welcome({ replayed: true, node, channels: [channel], blocked: [], verified: [], profile: {} });
  const health = () => page.channels.healthOf(LOBBY);
  page.channels.joining(LOBBY);
  page.outbox = { setLinked: () => {} };
  reports.phase({ phase: "open" });
  greet();
  assert.deepEqual(health(), well);
  reports.event({ type: "node.state", state: "offline", peers: 0, reason: "No worker", code: "WORKER_UNAVAILABLE", remedy: "" });
  assert.equal(health(), null, "nobody is there who could tell a change");
  greet();
  assert.deepEqual(health(), well);
  said("channel.health", { state: "down", initiators: { k: 1, of: 2 }, error: { code: "INITIATORS_TOO_FEW" } });
  assert.equal(health().state, "down");
  reports.phase({ phase: "waiting" });
  assert.equal(health(), null);
});
