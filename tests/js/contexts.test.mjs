/** What a text is about is never lost with the text still there, nor the text with what it is about. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Contexts } from "../../static/webchat/js/contexts.js";
import { PageMemory } from "../../static/webchat/js/memory.js";
import { MessageActs } from "../../static/webchat/js/messageacts.js";
import { storageOver } from "./storagedouble.mjs";

const LOBBY = "#lobby";
const row = { id: "r", channel: LOBBY, author: "bob", name: "Bob", own: false, text: "soup?", order: "1", file: null };
const kept = { id: "r", channel: LOBBY, author: "bob", name: "Bob", own: false, text: "soup?", file: null };
const FULL = { code: "OUTBOX_FULL", message: "full", remedy: "" };

const NOTED = ["toBottom", "notKept", "rewrite", "trouble"];

let items;
let contexts;

const memory = () => new PageMemory("ann", storageOver(items));

beforeEach(() => {
  items = new Map();
  contexts = new Contexts(memory());
});

test("each channel has its own, for the next page too, until it is over", () => {
  contexts.set(LOBBY, { kind: "reply", row });
  contexts.set("#other", { kind: "edit", row: { ...row, channel: "#other", file: { name: "a.png", root: "x" } } }, "stew?");
  const next = new Contexts(memory());
  assert.deepEqual(next.get(LOBBY), { kind: "reply", row: kept, text: "" });
  assert.deepEqual(next.get("#other"), { kind: "edit", row: { ...kept, channel: "#other", file: { name: "a.png" } }, text: "stew?" });
  next.set(LOBBY, null);
  assert.deepEqual([contexts.get(LOBBY), items.size], [null, 1]);
});

test("what can't be read is said, and is no context", (context) => {
  const said = context.mock.method(console, "info", () => {});
  for (const broken of ["{", '{"kind":"song","row":{"id":"r"},"text":""}', '{"kind":"edit","row":{"id":"r"}}', '{"kind":"edit","text":""}', "7"]) {
    items.set(`starling ann about ${LOBBY}`, broken);
    assert.equal(contexts.get(LOBBY), null, broken);
    assert.equal(items.size, 0);
  }
  assert.equal(said.mock.callCount(), 5);
});

function acts(rows, adds, reading = { answered() {} }) {
  const did = [];
  const note = (name) => (...given) => did.push([name, ...given]);
  let busy = 0;
  const outbox = { add: async (record) => adds(record), retry: async (entry) => adds(entry), discard: async (entry) => adds(entry) };
  const screen = { keeping: (by) => (busy += by), ...Object.fromEntries(NOTED.map((name) => [name, note(name)])) };
  const messages = { row: (id) => rows[id], entry: (id) => rows[id], without: () => null };
  return { did, busy: () => busy, acts: new MessageActs({ outbox, screen, messages, me: { id: "ann" }, reading }) };
}

test("a text that the outbox has no room for comes back with what it is about", async () => {
  for (const kind of ["edit", "reply"]) {
    const about = { kind, row };
    const { did, acts: mine } = acts({}, () => {
      throw FULL;
    });
    await mine.send(LOBBY, "stew?", about);
    assert.deepEqual(did, [["notKept", LOBBY, "stew?", FULL, about]]);
  }
});

test("whatever goes wrong with a text, it comes back and the next one can be sent", async () => {
  for (const error of [null, new DOMException("full", "QuotaExceededError")]) {
    const { did, acts: mine, busy } = acts({}, () => {
      throw error;
    });
    await mine.send(LOBBY, "stew?");
    assert.deepEqual([did, busy()], [[["notKept", LOBBY, "stew?", error, null]], 0]);
  }
});

test("a mistake of the page is not called a full disk: it comes to light, and the text comes back", async () => {
  const broken = new TypeError("no such thing");
  const { did, acts: mine, busy } = acts({ r: { ...row, own: true, state: "failed", reactions: [] } }, () => {
    throw broken;
  });
  await assert.rejects(mine.send(LOBBY, "stew?"), broken);
  assert.deepEqual([did, busy()], [[["notKept", LOBBY, "stew?", broken, null]], 0]);
  await assert.rejects(mine.act("retry", "r"), broken);
  assert.equal(did.length, 1, "nothing is told as if it were the browser's");
});

test("what comes after a text is kept does not put it back as if it were not", async () => {
  const { did, acts: mine } = acts({}, () => {}, { answered: () => assert.fail("a mistake elsewhere") });
  await assert.rejects(mine.send(LOBBY, "stew?"), /a mistake elsewhere/);
  assert.deepEqual(did, []);
});

test("what the browser can't write down is told with a code of ours, whatever was to be done", async () => {
  const failed = { ...row, own: true, state: "failed", reactions: [] };
  const { did, acts: mine } = acts({ r: failed }, () => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await mine.act("toggle", "r", { dataset: { emoji: "👍" } });
  await mine.act("retry", "r");
  await mine.act("discard", "r");
  await mine.actOnAll("discard", [failed]);
  assert.deepEqual(did.map(([name, { code }]) => [name, code]), Array(4).fill(["trouble", "OUTBOX_UNWRITABLE"]));
  assert.ok(did.every(([, { message, remedy }]) => message && remedy));
});

test("an edit goes out as one, and the view stays where it is", async () => {
  const records = [];
  const { did, acts: mine } = acts({}, (record) => records.push(record));
  await mine.send(LOBBY, "stew?", { kind: "edit", row });
  assert.deepEqual(records.map(({ kind, target, text }) => [kind, target, text]), [["edit", "r", "stew?"]]);
  assert.deepEqual(did, []);
});

test("a failed reply that is written anew is still a reply, whether its message is here or not", async () => {
  const failed = (reply_to) => ({ id: "f", channel: LOBBY, text: "yes", kind: "reply", state: "failed", error: FULL, reply_to });
  for (const [id, expected] of [
    ["r", { kind: "reply", row }],
    ["gone", { kind: "reply", row: { id: "gone", channel: LOBBY, author: "", name: "", own: false, text: "", file: null } }],
    ["", null],
  ]) {
    const { did, acts: mine } = acts({ r: row, f: failed(id) }, () => {});
    await mine.act("edit", "f");
    assert.deepEqual(did, [["rewrite", LOBBY, "yes", expected]]);
  }
});
