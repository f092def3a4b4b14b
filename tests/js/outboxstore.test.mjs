/** Where the outbox is kept, in browsers that fail: no write is taken for done, and a page without a store says so. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Keeping } from "../../static/webchat/js/keeping.js";
import { BrowserMark, PageMemory } from "../../static/webchat/js/memory.js";
import { openOutboxStore } from "../../static/webchat/js/outbox_store.js";
import { settle } from "./fakes.mjs";
import { storageOver } from "./storagedouble.mjs";

const QUOTA = new DOMException("full", "QuotaExceededError");

/** A browser's database whose writes end as `end(transaction)` says. */
function database(end) {
  const records = new Map();
  const store = { put: (record) => records.set(record.id, record), delete: (id) => records.delete(id) };
  const transaction = () => {
    const made = { error: null, objectStore: () => store };
    queueMicrotask(() => end(made));
    return made;
  };
  return { transaction, close() {}, records };
}

function opens(result, error = null, kept = () => {}) {
  globalThis.indexedDB = {
    open: () => {
      const request = { result, error };
      queueMicrotask(() => (error ? request.onerror() : request.onsuccess()));
      return request;
    },
  };
  return openOutboxStore(1, kept);
}

afterEach(() => {
  delete globalThis.indexedDB;
});

test("a write is done when its transaction is", async () => {
  let complete;
  const store = await opens(database((transaction) => (complete = () => transaction.oncomplete())));
  const done = [];
  store.put({ id: "a" }).then(() => done.push("put"));
  await settle();
  assert.deepEqual([store.volatile, done], [false, []]);
  complete();
  await settle();
  assert.deepEqual(done, ["put"]);
});

test("a write that is aborted fails with its reason, and with one where the browser has none", async () => {
  for (const error of [QUOTA, null]) {
    const store = await opens(database((transaction) => Object.assign(transaction, { error }).onabort()));
    await assert.rejects(store.put({ id: "a" }), error ?? { message: /aborted/ });
    await assert.rejects(store.drop("a"), error ?? { message: /aborted/ });
  }
});

test("a store that was closed meanwhile fails, too", async () => {
  const closed = { ...database(() => {}), transaction: () => { throw new DOMException("closed", "InvalidStateError"); } };
  const store = await opens(closed);
  await assert.rejects(store.put({ id: "a" }), { name: "InvalidStateError" });
});

test("where the browser opens no store it is memory, which is said", async (context) => {
  const said = context.mock.method(console, "info", () => {});
  const store = await opens(null, new DOMException("private", "SecurityError"));
  await store.put({ id: "a" });
  assert.deepEqual([store.volatile, await store.all()], [true, [{ id: "a" }]]);
  assert.equal(said.mock.callCount(), 1);
});

/** A browser's promise about what it keeps; `asked` tells what it was asked. */
function promising(isPersisted, persist) {
  const asked = [];
  const note = (name, act) => async () => {
    asked.push(name);
    return act();
  };
  return { asked, persisted: note("persisted", () => isPersisted), persist: note("persist", persist) };
}

const mark = (kept = storageOver()) => new BrowserMark("asked", kept);

test("the browser is asked to keep it for good once something is on the disk, and no more, whoever signs out and in", async () => {
  const storage = promising(false, () => true);
  const kept = storageOver();
  for (let page = 0; page < 2; page += 1) {
    const keeping = new Keeping(mark(kept), storage);
    const store = await opens(database((transaction) => transaction.oncomplete()), null, () => keeping.ask());
    await settle();
    if (page === 0) assert.deepEqual(storage.asked, [], "who writes nothing is not asked");
    for (const id of ["a", "b"]) await store.put({ id });
    await settle();
    new PageMemory(1, kept).forget();
  }
  assert.deepEqual(storage.asked, ["persisted", "persist"]);
});

test("a browser that remembers nothing is asked once by a page, not with each message", async (context) => {
  const said = context.mock.method(console, "info", () => {});
  const off = () => {
    throw new DOMException("storage is switched off", "SecurityError");
  };
  const storage = promising(false, () => false);
  const keeping = new Keeping(mark({ getItem: off, setItem: off }), storage);
  for (let n = 0; n < 3; n += 1) await keeping.ask();
  assert.deepEqual([storage.asked, said.mock.callCount()], [["persisted", "persist"], 1]);
});

test("what failed to be written is no reason to ask", async () => {
  const storage = promising(false, () => true);
  const keeping = new Keeping(mark(), storage);
  const store = await opens(database((transaction) => transaction.onabort()), null, () => keeping.ask());
  await assert.rejects(store.put({ id: "a" }));
  assert.deepEqual(storage.asked, []);
});

test("a browser that keeps it anyway is not asked; one that refuses, can't, or has no such promise changes nothing", async (context) => {
  const said = context.mock.method(console, "info", () => {});
  const already = promising(true, () => assert.fail("asked"));
  await new Keeping(mark(), already).ask();
  await new Keeping(mark(), promising(false, () => false)).ask();
  for (const none of [undefined, {}]) await new Keeping(mark(), none).ask();
  assert.equal(said.mock.callCount(), 0);
  await new Keeping(mark(), promising(false, () => { throw new TypeError("insecure"); })).ask();
  assert.equal(said.mock.callCount(), 1);
});
