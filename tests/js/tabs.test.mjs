/** One tab of an account drains at a time, and none that can't holds up another: the real `Tabs` over doubled locks. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Outbox } from "../../static/webchat/js/outbox.js";
import { written } from "../../static/webchat/js/outboxframes.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { Tabs } from "../../static/webchat/js/tabs.js";
import { FakeClock, settle } from "./fakes.mjs";

/** `navigator.locks` of one origin: exclusive locks, granted in turn, given back when the callback's promise ends. */
class LocksDouble {
  held = new Set();
  #queues = new Map();

  request(name, { signal }, call) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const asked = { call, resolve, reject };
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      queue.push(asked);
      signal?.addEventListener("abort", () => {
        if (!queue.includes(asked)) return; // it has been granted: a signal takes nothing back
        queue.splice(queue.indexOf(asked), 1);
        reject(signal.reason);
      });
      queueMicrotask(() => this.#grant(name));
    });
  }

  #grant(name) {
    if (this.held.has(name)) return;
    const next = this.#queues.get(name).shift();
    if (!next) return;
    this.held.add(name);
    Promise.resolve()
      .then(() => next.call({ name, mode: "exclusive" }))
      .then(next.resolve, next.reject)
      .finally(() => {
        this.held.delete(name);
        this.#grant(name);
      });
  }
}

/** What connects the tabs of one origin: everybody hears it but who said it. */
function channelDouble() {
  const all = new Set();
  return class {
    onmessage = null;
    constructor() {
      all.add(this);
    }
    postMessage(data) {
      const told = (each) => queueMicrotask(() => each.onmessage?.({ data: structuredClone(data) }));
      [...all].filter((each) => each !== this).forEach(told);
    }
  };
}

/** More than the steps of handing over a few messages. */
const ROUNDS = 9;

let locks;
let Channel;
let leading;

const tab = () => new Tabs("outbox of ann", locks, Channel);
const lead = (tabs, name) => tabs.lead(() => leading.push(name));

beforeEach(() => {
  locks = new LocksDouble();
  Channel = channelDouble();
  leading = [];
});

test("of several tabs one leads, and the next one when that resigns", async () => {
  const [a, b, c] = [tab(), tab(), tab()];
  lead(a, "a");
  lead(b, "b");
  lead(c, "c");
  await settle();
  assert.deepEqual(leading, ["a"]);
  a.resign();
  await settle();
  assert.deepEqual(leading, ["a", "b"]);
  b.resign();
  await settle();
  assert.deepEqual(leading, ["a", "b", "c"]);
});

test("who resigns while waiting never leads, and holds up nobody", async () => {
  const [a, b, c] = [tab(), tab(), tab()];
  lead(a, "a");
  lead(b, "b");
  lead(c, "c");
  await settle();
  b.resign();
  a.resign();
  await settle();
  assert.deepEqual(leading, ["a", "c"]);
});

test("who resigns at the very moment of the grant does not begin", async () => {
  const [a, b] = [tab(), tab()];
  lead(a, "a");
  a.resign();
  lead(b, "b");
  await settle();
  assert.deepEqual(leading, ["b"]);
});

test("leading once more takes its turn behind the others", async () => {
  const [a, b] = [tab(), tab()];
  lead(a, "a");
  lead(b, "b");
  await settle();
  lead(a, "a again");
  await settle();
  assert.deepEqual(leading, ["a", "b"]);
  b.resign();
  await settle();
  assert.deepEqual(leading, ["a", "b", "a again"]);
});

// Node has a BroadcastChannel of its own, which would keep the process alive: `null` stands for a browser without.
test("other accounts and browsers without locks are not held up", async () => {
  lead(tab(), "ann");
  new Tabs("outbox of bob", locks, Channel).lead(() => leading.push("bob"));
  new Tabs("outbox of ann", null, null).lead(() => leading.push("no locks"));
  await settle();
  assert.deepEqual(leading.sort(), ["ann", "bob", "no locks"]);
});

const QUIET = ["written", "handingOver", "queued", "asking", "through", "waiting", "accepted", "refused", "discarded"];

/** The outboxes of so many tabs over one store; `asked` notes which tab hands over what, `answer` is the node's. */
function outboxes(...names) {
  const [store, clock] = [new MemoryStore(), new FakeClock()];
  const listener = Object.fromEntries(QUIET.map((report) => [report, () => {}]));
  const [asked, waiting] = [[], []];
  const all = names.map((name) => {
    const request = ({ id }) =>
      new Promise((resolve) => {
        asked.push(`${name} ${id}`);
        waiting.push(() => resolve({ message: { id } }));
      });
    return new Outbox({ store, request, clock, tabs: tab(), listener });
  });
  const answer = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await settle();
      for (const each of waiting.splice(0)) each();
    }
  };
  const add = (outbox, id) => outbox.add(written({ id, channel: "#a", text: id, at_ms: clock.now() }));
  return { all, asked, answer, add };
}

test("of two tabs one drains what both have written, and the other goes on when the first is gone", async () => {
  const { all, asked, answer, add } = outboxes("a", "b");
  const [a, b] = all;
  for (const outbox of all) {
    await outbox.start();
    outbox.setLinked(true);
  }
  await settle();
  await add(a, "m0");
  await add(b, "m1");
  await answer();
  assert.deepEqual(asked, ["a m0", "a m1"], "once each, by the first");
  a.setLinked(false); // as when the tab is closed, or has lost its connection
  await add(a, "m2");
  await add(b, "m3");
  await answer();
  assert.deepEqual(asked.slice(2), ["b m2", "b m3"]);
  assert.deepEqual([a.waiting, b.waiting], [[], []]);
});
