import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ASK_AFTER_MS, LOOK_MS } from "../../static/webchat/js/ageing.js";
import { Outbox, OUTBOX_MAX } from "../../static/webchat/js/outbox.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { FakeClock, recorder, settle } from "./fakes.mjs";

const REPORTS = [
  ...["written", "handingOver", "queued", "asking", "waiting", "accepted", "refused", "retried", "discarded", "kept"],
  ...["through", "takenUp"],
];
const message = (id, channel = "#lobby") => ({ id, channel, text: `text of ${id}`, at_ms: 1_700_000_000_000 });
const UNKNOWN = Object.freeze({ code: "MESSAGE_UNKNOWN", message: "", remedy: "" });
const row = (id, accepted = false) => ({ ...message(id), accepted });

/** Tabs of one account that share a lock and hear each other. */
class FakeRoom {
  tabs = [];
  leader = null;

  tab() {
    const tab = {
      onWord: () => {},
      tell: (word) => {
        for (const each of this.tabs) if (each !== tab) each.onWord(structuredClone(word));
      },
      lead: (begin) => {
        tab.begin = begin;
        this.#choose();
      },
      resign: () => {
        tab.begin = null;
        if (this.leader === tab) this.leader = null;
        this.#choose();
      },
    };
    this.tabs.push(tab);
    return tab;
  }

  #choose() {
    if (this.leader) return;
    this.leader = this.tabs.find((tab) => tab.begin) ?? null;
    this.leader?.begin();
  }
}

/** The node: answers as the test says, remembers what it accepted. */
class FakeNode {
  asked = [];
  accepted = new Map();
  answers = [];
  inquiries = [];
  /** What it says to the next questions whether it has something, instead of the truth. */
  evasions = [];

  request = async (frame) => {
    if (frame.type === "message.known") return this.#known(frame);
    this.asked.push(`${frame.type.replace("message.", "")} ${frame.id}`);
    const answer = this.answers.shift();
    if (answer instanceof Promise) await answer;
    else if (answer) throw answer;
    if (frame.type === "message.send") this.accepted.set(frame.id, frame.text);
    return { type: "ok", message: { id: frame.id, state: "pending" } };
  };

  #known({ channel, id }) {
    this.inquiries.push(`${channel} ${id}`);
    if (this.evasions.length) throw this.evasions.shift();
    if (!this.accepted.has(id)) throw { code: "MESSAGE_UNKNOWN", message: "", remedy: "" };
    return { type: "ok" };
  }
}

let store;
let node;
let room;
let clock;

async function openPage() {
  const listener = recorder(...REPORTS);
  const outbox = new Outbox({ store, request: node.request, clock, tabs: room.tab(), listener });
  await outbox.start();
  return { outbox, told: () => listener.calls.map(([name, what]) => `${name} ${what.id ?? what}`), listener };
}

const LOST = { code: "CONNECTION_LOST", message: "lost", remedy: "" };
const TOO_LARGE = { code: "TOO_LARGE", message: "long", remedy: "cut", retryable: false };

beforeEach(() => {
  store = new MemoryStore();
  node = new FakeNode();
  room = new FakeRoom();
  clock = new FakeClock();
});

test("a message is on disk before its row is told, and leaves when the node has it", async () => {
  const { outbox, told, listener } = await openPage();
  const onDisk = [];
  listener.written = (record) => onDisk.push(store.records.has(record.id));
  outbox.setLinked(true);
  await outbox.add(message("a"));
  await settle();
  assert.deepEqual(onDisk, [true]);
  assert.deepEqual(told(), ["handingOver a", "accepted a"]);
  assert.equal(store.records.size, 0);
});

test("without a connection it waits; then everything goes out in order, once", async () => {
  const { outbox } = await openPage();
  for (const id of ["a", "b", "c"]) await outbox.add(message(id));
  await settle();
  assert.deepEqual(node.asked, []);
  assert.deepEqual(outbox.waiting, ["a", "b", "c"]);
  outbox.setLinked(true);
  await settle();
  assert.deepEqual(node.asked, ["send a", "send b", "send c"]);
});

test("a reload loses nothing: the next page shows it and sends it under the same id", async () => {
  const first = await openPage();
  await first.outbox.add(message("a"));
  room = new FakeRoom();
  const second = await openPage();
  assert.deepEqual(second.told(), ["written a"]);
  second.outbox.setLinked(true);
  await settle();
  assert.deepEqual(node.asked, ["send a"]);
});

test("a lost answer is asked again with the same id and text", async () => {
  const { outbox, told } = await openPage();
  outbox.setLinked(true);
  node.answers = [LOST];
  await outbox.add(message("a"));
  await settle();
  assert.ok(told().includes("queued a"));
  assert.equal(store.records.size, 1);
  outbox.setLinked(false);
  outbox.setLinked(true);
  await settle();
  assert.deepEqual(node.asked, ["send a", "send a"]);
  assert.deepEqual([...node.accepted], [["a", "text of a"]]);
  assert.equal(store.records.size, 0);
});

test("an absent worker is asked again by itself, with longer and longer pauses", async () => {
  const { outbox } = await openPage();
  outbox.setLinked(true);
  const absent = { code: "WORKER_UNAVAILABLE", message: "", remedy: "" };
  node.answers = [absent, absent, absent];
  await outbox.add(message("a"));
  const asked = [];
  for (let s = 0; s < 5; s += 0.5) {
    await settle();
    asked.push(node.asked.length);
    clock.pass(500);
  }
  assert.deepEqual(asked, [1, 2, 2, 3, 3, 3, 3, 4, 4, 4]);
  assert.equal(store.records.size, 0);
});

test("while the worker is absent rows keep saying that they wait", async () => {
  const { outbox, told } = await openPage();
  outbox.setLinked(true);
  const absent = { code: "WORKER_UNAVAILABLE", message: "", remedy: "" };
  node.answers = [absent, absent];
  await outbox.add(message("a"));
  await settle();
  await outbox.add(message("b"));
  clock.pass(500);
  await settle();
  assert.deepEqual(told(), ["written a", "handingOver a", "queued a", "written b", "queued b", "queued a", "queued b"]);
  clock.pass(1000);
  await settle();
  assert.deepEqual(told().slice(-3), ["accepted a", "handingOver b", "accepted b"]);
});

test("a rate limit waits as long as the node says and goes on by itself", async () => {
  const { outbox, listener } = await openPage();
  outbox.setLinked(true);
  node.answers = [{ code: "RATE_LIMITED", retry_after: 3, message: "", remedy: "" }];
  await outbox.add(message("a"));
  await outbox.add(message("b", "#other"));
  await settle();
  assert.deepEqual(listener.calls.at(-1), ["waiting", "b", clock.now() + 3000], "what is written meanwhile waits as well");
  assert.ok(listener.calls.some(([name, id, until]) => name === "waiting" && id === "a" && until === clock.now() + 3000));
  clock.pass(2999);
  await settle();
  assert.equal(node.asked.length, 1);
  clock.pass(1);
  await settle();
  assert.deepEqual(node.asked, ["send a", "send a", "send b"]);
});

test("a refused message is kept with its reason and holds up nobody", async () => {
  const { outbox, told } = await openPage();
  outbox.setLinked(true);
  node.answers = [TOO_LARGE];
  await outbox.add(message("a"));
  await outbox.add(message("b"));
  await settle();
  assert.deepEqual(node.asked, ["send a", "send b"]);
  assert.ok(told().includes("refused a") && told().includes("accepted b"));
  room = new FakeRoom();
  const next = await openPage();
  assert.deepEqual(next.told(), ["written a", "refused a"]);
  next.outbox.setLinked(true);
  await settle();
  assert.equal(node.asked.length, 2, "a failed one is not sent again unasked");
});

test("a channel whose message is on its way does not hold up another", async () => {
  const { outbox } = await openPage();
  outbox.setLinked(true);
  let answer;
  node.answers = [new Promise((resolve) => (answer = resolve))];
  await outbox.add(message("a", "#slow"));
  await outbox.add(message("b", "#slow"));
  await outbox.add(message("c", "#quick"));
  await settle();
  assert.deepEqual(node.asked, ["send a", "send c"]);
  answer();
  await settle();
  assert.deepEqual(node.asked, ["send a", "send c", "send b"]);
});

test("retry sends what the node has never had, and asks for what it has", async () => {
  const { outbox, told } = await openPage();
  outbox.setLinked(true);
  node.answers = [TOO_LARGE];
  await outbox.add(message("a"));
  await settle();
  await outbox.retry(row("a"));
  await settle();
  await outbox.retry(row("b", true));
  await settle();
  assert.deepEqual(node.asked, ["send a", "send a", "retry b"]);
  assert.ok(told().includes("retried a") && told().includes("retried b"));
  assert.equal(store.records.size, 0);
});

test("a retry that the node refuses says so", async () => {
  const { outbox, told } = await openPage();
  outbox.setLinked(true);
  node.answers = [{ code: "STORE_FULL", message: "full", remedy: "" }];
  await outbox.retry(row("a", true));
  await settle();
  assert.equal(told().at(-1), "refused a");
});

test("discarding survives a reload and reaches the node, in case it had the message", async () => {
  const { outbox } = await openPage();
  await outbox.add(message("a"));
  await outbox.discard(row("a"));
  room = new FakeRoom();
  const next = await openPage();
  assert.deepEqual(next.told(), ["discarded a"]);
  next.outbox.setLinked(true);
  node.answers = [UNKNOWN];
  await settle();
  assert.deepEqual([node.asked, node.inquiries], [["discard a"], ["#lobby a"]]);
  assert.equal(store.records.size, 0);
  assert.deepEqual(next.told(), ["discarded a"], "what the node never had is gone");
});

test("what had gone out when it was discarded is shown again; where the node can't say, it is asked again", async () => {
  const { outbox, told } = await openPage();
  await outbox.add(message("a"));
  await outbox.discard(row("a"));
  outbox.setLinked(true);
  node.accepted.set("a", "text of a");
  node.answers = [UNKNOWN, UNKNOWN];
  node.evasions = [{ code: "CONNECTION_LOST", message: "", remedy: "" }];
  await settle();
  assert.equal(store.records.size, 1);
  clock.pass(8000);
  await settle();
  assert.deepEqual(node.asked, ["discard a", "discard a"]);
  assert.deepEqual([told().at(-1), store.records.size], ["kept a", 0]);
});

test("undone before the node was asked: the discard is dropped and the id stays, for all tabs", async () => {
  const first = await openPage();
  const second = await openPage();
  node.accepted.set("a", "text of a");
  await first.outbox.discard(row("a"));
  const again = await second.outbox.restore(message("a"), null, "fresh");
  assert.deepEqual([again.id, [...store.records.values()].map(({ id, op }) => [id, op])], ["a", [["a", "send"]]]);
  first.outbox.setLinked(true);
  await settle();
  assert.deepEqual([node.asked, [...node.accepted.keys()], store.records.size], [["send a"], ["a"], 0]);
});

test("undone once the node was asked, whatever it answered: a new one, and the old one is still discarded", async () => {
  const first = await openPage();
  const second = await openPage();
  first.outbox.setLinked(true);
  node.answers = [LOST];
  await second.outbox.discard(row("a"));
  await settle();
  const again = await second.outbox.restore(message("a"), TOO_LARGE, "fresh");
  assert.deepEqual([again.id, [...store.records.values()].map(({ id, op }) => [id, op])], ["fresh", [["a", "discard"], ["fresh", "send"]]]);
  clock.pass(8000);
  await settle();
  assert.deepEqual(node.asked, ["discard a", "discard a"], "and what failed waits for Retry");
  assert.equal((await second.outbox.restore(message("a"), null, null)).id, "a", "what is here is not written anew");
  assert.deepEqual([...store.records.keys()], ["fresh"]);
});

test("a node that can't say whether it has something old does not get it unasked", async () => {
  const { outbox } = await openPage();
  const old = { ...message("a"), at_ms: clock.now() - ASK_AFTER_MS - 1 };
  await outbox.add(old);
  outbox.setLinked(true);
  node.evasions = [{ code: "INTERNAL", message: "", remedy: "" }];
  await settle();
  node.evasions = [{ code: "RATE_LIMITED", message: "", remedy: "", retry_after: 1 }];
  await outbox.retry(old);
  await settle();
  assert.equal(node.accepted.size, 0);
  clock.pass(1000);
  await settle();
  assert.deepEqual([...node.accepted.keys()], ["a"]);
  assert.equal(store.records.size, 0);
});

test("cancelled while on its way: the node is told afterwards", async () => {
  const { outbox } = await openPage();
  outbox.setLinked(true);
  let answer;
  node.answers = [new Promise((resolve) => (answer = resolve))];
  await outbox.add(message("a"));
  await settle();
  await outbox.discard(row("a"));
  answer();
  await settle();
  assert.deepEqual(node.asked, ["send a", "discard a"]);
  assert.equal(store.records.size, 0);
});

test("one tab drains, all of them know", async () => {
  const first = await openPage();
  const second = await openPage();
  first.outbox.setLinked(true);
  second.outbox.setLinked(true);
  await second.outbox.add(message("a"));
  await settle();
  assert.deepEqual(node.asked, ["send a"]);
  for (const page of [first, second]) assert.ok(page.told().includes("written a") && page.told().includes("accepted a"));
  assert.deepEqual(second.outbox.waiting, []);
});

test("when the leading tab loses its connection another one takes over", async () => {
  const first = await openPage();
  const second = await openPage();
  first.outbox.setLinked(true);
  second.outbox.setLinked(true);
  first.outbox.setLinked(false);
  await first.outbox.add(message("a"));
  await settle();
  assert.deepEqual(node.asked, ["send a"]);
  assert.deepEqual(first.outbox.waiting, []);
});

test("it holds a bounded number of messages", async () => {
  const { outbox } = await openPage();
  for (let n = 0; n < OUTBOX_MAX; n += 1) await outbox.add(message(String(n).padStart(4, "0")));
  await assert.rejects(outbox.add(message("more")), { code: "OUTBOX_FULL" });
});

test("edits, deletions, reactions and replies go in one line with the texts, each as its own frame", async () => {
  const { outbox } = await openPage();
  const frames = [];
  node.request = async (frame) => frames.push(frame) && { type: "ok", message: { id: frame.id } };
  const second = new Outbox({ store, request: node.request, clock, tabs: new FakeRoom().tab(), listener: recorder(...REPORTS) });
  await outbox.add({ ...message("a"), kind: "reply", reply_to: "t" });
  await outbox.add({ ...message("b"), kind: "edit", target: "t" });
  await outbox.add({ ...message("c"), kind: "delete", target: "t" });
  await outbox.add({ ...message("d"), kind: "reaction", target: "t", emoji: "👍", on: false });
  await second.start(); // a reload forgets nothing of them
  second.setLinked(true);
  for (let n = 0; n < 4; n += 1) await settle();
  const place = { channel: "#lobby" };
  assert.deepEqual(frames, [
    { ...place, id: "a", type: "message.send", text: "text of a", reply_to: "t" },
    { ...place, id: "b", type: "message.edit", target: "t", text: "text of b" },
    { ...place, id: "c", type: "message.delete", target: "t" },
    { ...place, id: "d", type: "reaction.set", target: "t", emoji: "👍", on: false },
  ]);
});

test("a failed change is tried again, and taken back, as what it is", async () => {
  const { outbox } = await openPage();
  const frames = [];
  outbox.setLinked(true);
  node.answers = [TOO_LARGE];
  await outbox.add({ ...message("a"), kind: "edit", target: "t" });
  await settle();
  const [kept] = [...store.records.values()];
  assert.deepEqual([kept.kind, kept.target, kept.failed.code], ["edit", "t", "TOO_LARGE"]);
  await outbox.retry({ ...kept, accepted: false });
  await settle();
  await outbox.retry({ ...kept, accepted: true });
  await settle();
  await outbox.discard(kept);
  await settle();
  frames.push(...node.asked);
  assert.deepEqual(frames, ["edit a", "edit a", "retry a", "discard a"]);
});

test("what has waited for over an hour asks after a reload, and holds up nobody", async () => {
  const first = await openPage();
  await first.outbox.add(message("a"));
  clock.pass(ASK_AFTER_MS + 1);
  await first.outbox.add({ ...message("b"), at_ms: clock.now() });
  room = new FakeRoom();
  const { outbox, told } = await openPage();
  assert.deepEqual(told(), ["written a", "asking a", "written b"]);
  outbox.setLinked(true);
  await settle();
  assert.deepEqual(node.asked, ["send b"]);
  await outbox.retry(row("a"));
  await settle();
  assert.deepEqual(node.asked, ["send b", "send a"]);
  assert.equal(store.records.size, 0);
});

test("what has waited for over an hour asks when the connection comes back, and can be discarded", async () => {
  const { outbox, told } = await openPage();
  await outbox.add(message("a"));
  clock.pass(ASK_AFTER_MS + 1);
  outbox.setLinked(true);
  await settle();
  assert.ok(told().includes("asking a"));
  assert.deepEqual(node.asked, []);
  await outbox.discard(row("a"));
  await settle();
  assert.deepEqual(node.asked, ["discard a"]);
  assert.equal(store.records.size, 0);
});

test("what got through before its page went away is dropped, and nobody is asked", async () => {
  const first = await openPage();
  await first.outbox.add(message("a"));
  await first.outbox.add(message("b"));
  node.accepted.set("a", "text of a"); // accepted, and the page went away before the answer
  clock.pass(ASK_AFTER_MS + 1);
  room = new FakeRoom();
  const { outbox, told } = await openPage();
  const before = told().length;
  outbox.setLinked(true);
  for (let n = 0; n < 4; n += 1) await settle();
  assert.deepEqual(node.inquiries, ["#lobby a", "#lobby b"]);
  assert.deepEqual(told().slice(before), ["through a", "asking b"]);
  assert.deepEqual(node.asked, []);
  assert.deepEqual([...store.records.keys()], ["b"]);
});

test("the node is asked once in a connection, and again in the next one when this one was lost", async () => {
  const { outbox } = await openPage();
  await outbox.add(message("a"));
  clock.pass(ASK_AFTER_MS + 1);
  const { request } = node;
  node.request = async (frame) => {
    if (frame.type !== "message.known") return request(frame);
    await request(frame).catch(() => {});
    throw LOST;
  };
  const page = new Outbox({ store, request: node.request, clock, tabs: new FakeRoom().tab(), listener: recorder(...REPORTS) });
  await page.start();
  for (let n = 0; n < 2; n += 1) {
    page.setLinked(true);
    await settle();
    page.setLinked(false);
  }
  assert.deepEqual(node.inquiries, ["#lobby a", "#lobby a"]);
  assert.equal(store.records.size, 1);
});

test("an old one that its writer wants sent goes out only if the node does not have it", async () => {
  const { outbox, told } = await openPage();
  await outbox.add(message("a"));
  node.accepted.set("a", "text of a");
  clock.pass(ASK_AFTER_MS + 1);
  await outbox.retry(row("a")); // pressed before there was a connection
  outbox.setLinked(true);
  for (let n = 0; n < 3; n += 1) await settle();
  assert.deepEqual(node.asked, []);
  assert.equal(told().at(-1), "through a");
  assert.equal(store.records.size, 0);
});

test("what the node tells of is not handed over any more, whether it waited, asked or failed", async () => {
  const { outbox } = await openPage();
  await outbox.add(message("a"), TOO_LARGE);
  await outbox.add(message("b"));
  clock.pass(ASK_AFTER_MS + 1);
  await outbox.add({ ...message("c"), at_ms: clock.now() });
  for (const id of ["a", "b", "c", "unknown"]) outbox.arrived(id);
  await settle();
  assert.equal(store.records.size, 0);
  outbox.setLinked(true);
  await settle();
  assert.deepEqual([node.asked, node.inquiries], [[], []]);
});

test("what is to be discarded is discarded, whatever the node tells meanwhile", async () => {
  const { outbox } = await openPage();
  await outbox.add(message("a"));
  await outbox.discard(row("a"));
  outbox.arrived("a");
  outbox.setLinked(true);
  await settle();
  assert.deepEqual(node.asked, ["discard a"]);
});

test("what grows old without a connection asks at once, and no longer says that it goes out by itself", async () => {
  const { outbox, told } = await openPage();
  outbox.setLinked(false);
  await outbox.add(message("a"));
  clock.pass(ASK_AFTER_MS);
  assert.deepEqual(told(), ["written a"]);
  clock.pass(LOOK_MS);
  assert.deepEqual(told(), ["written a", "asking a"]);
});

test("what grew old in a sleep asks as soon as the page is looked at again, or has lost its dead connection", async () => {
  const { outbox, told } = await openPage();
  await outbox.add(message("a"));
  clock.sleep(ASK_AFTER_MS + 1);
  assert.deepEqual(told(), ["written a"]);
  outbox.woken();
  assert.deepEqual(told(), ["written a", "asking a"]);
  const other = await openPage();
  const before = other.told().length;
  other.outbox.setLinked(false);
  assert.deepEqual(other.told().slice(before), ["asking a"]);
});

test("what another tab writes in a pause of the one that hands over waits there as well", async () => {
  const [first, second] = [await openPage(), await openPage()];
  first.outbox.setLinked(true);
  node.answers = [{ code: "RATE_LIMITED", retry_after: 3, message: "", remedy: "" }];
  await first.outbox.add(message("a"));
  await settle();
  second.outbox.setLinked(true);
  await second.outbox.add(message("b"));
  await settle();
  for (const { listener } of [first, second])
    assert.ok(listener.calls.some(([name, id, until]) => name === "waiting" && id === "b" && until === clock.now() + 3000));
});
