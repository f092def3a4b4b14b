/** Signing out with something unsent: it is asked what becomes of it, and what is discarded leaves no text behind. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Outbox } from "../../static/webchat/js/outbox.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { askBeforeSigningOut } from "../../static/webchat/js/signingout.js";
import { AskCard } from "../../static/webchat/js/view/askcard.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock, settle } from "./fakes.mjs";

const REPORTS = ["written", "handingOver", "queued", "asking", "through", "waiting", "accepted", "refused", "retried", "kept"];
const aloneTab = { tell() {}, lead: (begin) => begin(), resign() {} };
const QUOTA = new DOMException("full", "QuotaExceededError");

let store;
let outbox;
let form;
let signedOut;
let discarded;
let troubles;
let dialog;

const byId = (id) => document.getElementById(id);
const message = (id) => ({ id, channel: "#beds", kind: "text", text: `secret ${id}`, target: "", emoji: "", on: true, reply_to: "", at_ms: 1 });

beforeEach(async () => {
  globalThis.document = documentDouble("ask-card", "ask-title", "ask-text", "ask-yes", "ask-keep", "ask-no", "sign-out");
  dialog = byId("ask-card");
  Object.assign(dialog, { open: false, showModal: () => (dialog.open = true), returnValue: "" });
  form = byId("sign-out");
  [signedOut, discarded, troubles] = [0, [], []];
  form.submit = () => (signedOut += 1);
  store = Object.assign(new MemoryStore(), { volatile: false });
  const listener = Object.fromEntries(REPORTS.map((name) => [name, () => {}]));
  outbox = new Outbox({
    store,
    request: () => Promise.reject({ code: "CONNECTION_LOST" }),
    clock: Object.assign(new FakeClock(), { now: () => 2 }),
    tabs: aloneTab,
    listener: { ...listener, discarded: (id) => discarded.push(id) },
  });
  await outbox.start();
  askBeforeSigningOut({ outbox, screen: { askCard: new AskCard(), trouble: ({ code }) => troubles.push(code) } }, form);
});

afterEach(() => {
  delete globalThis.document;
});

/** Press the button of the menu; true: the browser signs out by itself. */
function press() {
  let isKept = false;
  form.fire("submit", { preventDefault: () => (isKept = true) });
  return !isKept;
}

async function answer(value) {
  dialog.returnValue = value;
  dialog.open = false;
  dialog.fire("close", {});
  for (let n = 0; n < 5; n += 1) await settle();
}

test("with nothing unsent nothing is asked", () => {
  assert.deepEqual([press(), dialog.open], [true, false]);
});

test("with something unsent it is asked, and who thinks better of it stays signed in with all of it", async () => {
  for (const id of ["m1", "m2", "m3"]) await outbox.add(message(id));
  assert.deepEqual([press(), dialog.open], [false, true]);
  assert.equal(byId("ask-title").textContent, "3 messages or changes have not been sent");
  assert.deepEqual(["yes", "keep", "no"].map((name) => byId(`ask-${name}`).textContent), ["Discard and sign out", "Keep and sign out", "Stay signed in"]);
  assert.equal(byId("ask-keep").hidden, false);
  await answer("");
  assert.deepEqual([signedOut, outbox.waiting], [0, ["m1", "m2", "m3"]]);
});

test("what is kept stays for the next time", async () => {
  await outbox.add(message("m1"));
  press();
  await answer("keep");
  assert.deepEqual([signedOut, store.records.get("m1").text], [1, "secret m1"]);
});

test("what is discarded goes from the disk before anything is signed out; the node hears of it another time", async () => {
  for (const id of ["m1", "m2"]) await outbox.add(message(id));
  await outbox.discard({ ...message("m0"), kind: "edit", target: "t" }, { text: "secret before" });
  discarded = [];
  press();
  const put = store.put.bind(store);
  store.put = async (record) => {
    assert.equal(signedOut, 0);
    await put(record);
  };
  await answer("yes");
  assert.equal(signedOut, 1);
  assert.doesNotMatch(JSON.stringify([...store.records.values()]), /secret/);
  assert.deepEqual([...store.records.values()].map(({ id, op }) => `${op} ${id}`).sort(), ["discard m0", "discard m1", "discard m2"]);
  assert.deepEqual([outbox.kept, discarded.sort()], [0, ["m0", "m1", "m2"]]);
});

test("what was discarded before and the node has not heard of leaves no text behind, and nothing is asked", async () => {
  await outbox.add(message("m1"));
  await outbox.discard(message("m1"), { text: "secret before" });
  assert.deepEqual([press(), dialog.open], [false, false]);
  for (let n = 0; n < 5; n += 1) await settle();
  assert.equal(signedOut, 1);
  assert.doesNotMatch(JSON.stringify([...store.records.values()]), /secret/);
  assert.deepEqual([...store.records.values()].map(({ id, op }) => [id, op]), [["m1", "discard"]]);
});

test("so it is with what was discarded before something else that is kept", async () => {
  for (const id of ["m1", "m2"]) await outbox.add(message(id));
  await outbox.discard(message("m1"));
  press();
  await answer("keep");
  assert.deepEqual([signedOut, store.records.get("m1").text, store.records.get("m2").text], [1, "", "secret m2"]);
});

test("what can't be discarded is told, and nobody is signed out", async () => {
  await outbox.add(message("m1"));
  press();
  store.put = () => Promise.reject(QUOTA);
  await answer("yes");
  assert.deepEqual([signedOut, troubles], [0, ["OUTBOX_UNWRITABLE"]]);
});

test("where the browser keeps nothing there is nothing to keep: it asks itself before the page goes", async () => {
  store.volatile = true;
  await outbox.add(message("m1"));
  assert.deepEqual([press(), dialog.open, outbox.isLosing], [true, false, true]);
});

test("a question without a second way has no button for one", async () => {
  const asked = new AskCard().ask("delete");
  assert.equal(byId("ask-keep").hidden, true);
  await answer("yes");
  assert.equal(await asked, true);
});
