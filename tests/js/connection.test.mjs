import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ANSWER_MS, ASKED_MAX, backoffMs, Connection, QUIET_MS, WAITING_MAX, WOKEN_ANSWER_MS } from "../../static/webchat/js/connection.js";
import { FakeClock, FakeSocket, recorder, settle } from "./fakes.mjs";

let clock;
let sockets;
let listener;
let connection;

const socket = () => sockets.at(-1);
const phases = () => listener.calls.filter(([name]) => name === "phase").map(([, state]) => state.phase);
const last = () => listener.calls.filter(([name]) => name === "phase").at(-1)[1];
const welcome = (more = {}) => ({ type: "welcome", ref: "1", cursor: "e:1", replayed: false, ...more });

function connected() {
  connection.tryNow();
  socket().open();
  socket().say(welcome({ ref: socket().sent[0].ref }));
}

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  listener = recorder("phase", "welcome", "event", "trouble");
  connection = new Connection({
    makeSocket: () => {
      sockets.push(new FakeSocket());
      return socket();
    },
    clock,
    random: () => 0.5,
    listener,
  });
});

test("it greets, is welcomed, and is open", () => {
  connected();
  assert.deepEqual(socket().sent, [{ type: "hello", ref: "1" }]);
  assert.deepEqual(phases(), ["connecting", "greeting", "open"]);
  assert.equal(connection.isOpen, true);
});

test("a page that fails at its welcome is open all the same, and its error is not hidden", async () => {
  listener.welcome = () => {
    throw new TypeError("the page's own");
  };
  assert.throws(connected, /the page's own/);
  assert.equal(connection.isOpen, true);
  const asked = connection.request({ type: "typing", channel: "#a" });
  socket().say({ type: "ok", ref: socket().sent.at(-1).ref });
  await asked;
});

test("every command is answered by its ref, in any order", async () => {
  connected();
  const first = connection.request({ type: "channel.join", channel: "#a" });
  const second = connection.request({ type: "channel.leave", channel: "#b" });
  const [, a, b] = socket().sent;
  assert.notEqual(a.ref, b.ref);
  socket().say({ type: "ok", ref: b.ref });
  socket().say({ type: "error", ref: a.ref, code: "CHANNEL_NAME_INVALID", message: "m", remedy: "r" });
  assert.equal((await second).type, "ok");
  await assert.rejects(first, { code: "CHANNEL_NAME_INVALID" });
});

test("the cursor of the last event goes with the next greeting", () => {
  connected();
  socket().say({ type: "message", cursor: "e:7", id: "x" });
  socket().drop();
  clock.pass(10_000);
  socket().open();
  assert.deepEqual(socket().sent[0], { type: "hello", cursor: "e:7", ref: "2" });
});

test("events come only after the welcome; those without cursor are told and not counted", () => {
  connection.tryNow();
  socket().open();
  socket().say({ type: "message", cursor: "e:1", id: "early" });
  socket().say(welcome());
  socket().say({ type: "node.state", state: "offline" });
  socket().say({ type: "message", cursor: "e:2", id: "late" });
  const events = listener.calls.filter(([name]) => name === "event").map(([, frame]) => frame.id ?? frame.type);
  assert.deepEqual(events, ["node.state", "late"]);
});

test("a command on its way ends with the connection, and none begins without it", async () => {
  connected();
  const asked = connection.request({ type: "message.retry", id: "x" });
  socket().drop();
  await assert.rejects(asked, { code: "CONNECTION_LOST" });
  await assert.rejects(connection.request({ type: "message.retry", id: "x" }), { code: "CONNECTION_LOST" });
});

test("no more commands are on their way than the server takes: the others wait for their turn", async () => {
  connected();
  const frames = () => socket().sent.slice(1);
  const answers = [];
  const ask = (n) => connection.request({ type: "file.available", n }).then(() => answers.push(n));
  const all = Array.from({ length: ASKED_MAX + 3 }, (_, n) => ask(n));
  assert.equal(frames().length, ASKED_MAX);
  clock.pass(ANSWER_MS - 1);
  for (let at = 0; at < ASKED_MAX; at += 1) socket().say({ type: "ok", ref: frames()[at].ref });
  assert.deepEqual(frames().map(({ n }) => n), all.map((_, n) => n), "in their order");
  clock.pass(ANSWER_MS - 1);
  assert.equal(connection.isOpen, true, "who waits for a turn has not been silent");
  for (const { ref } of frames().slice(ASKED_MAX)) socket().say({ type: "ok", ref });
  await Promise.all(all);
  assert.deepEqual(answers, all.map((_, n) => n));
});

test("a sign of life is asked for whatever waits, and what waits ends with the connection", async () => {
  connected();
  const all = Array.from({ length: ASKED_MAX + 2 }, () => connection.request({ type: "search" }));
  socket().say({ type: "typing", cursor: "e:2" });
  clock.sleep(QUIET_MS);
  connection.woken();
  assert.equal(socket().sent.at(-1).type, "ping");
  socket().drop();
  for (const { status, reason } of await Promise.allSettled(all)) assert.deepEqual([status, reason.code], ["rejected", "CONNECTION_LOST"]);
  clock.pass(10_000);
  socket().open();
  assert.deepEqual(socket().sent.map(({ type }) => type), ["hello"]);
});

test("what waits has a bound; beyond it a command is refused as the server would", async () => {
  connected();
  for (let n = 0; n < ASKED_MAX + WAITING_MAX; n += 1) connection.request({ type: "search" }).catch(() => {});
  await assert.rejects(connection.request({ type: "search" }), { code: "RATE_LIMITED", retry_after: 1 });
  connection.interrupted("link.offline");
});

test("a server that stays silent is left", async () => {
  connected();
  const asked = connection.request({ type: "message.retry", id: "x" });
  clock.pass(ANSWER_MS);
  await assert.rejects(asked, { code: "CONNECTION_LOST" });
  assert.equal(last().reason, "link.silent");
});

test("a socket on which nothing comes is asked for a sign of life, and left when there is none", () => {
  connected();
  clock.pass(QUIET_MS - 1);
  socket().say({ type: "typing", cursor: "e:2" });
  clock.pass(QUIET_MS - 1);
  assert.equal(socket().sent.length, 1, "it was not quiet for long enough");
  clock.pass(1);
  assert.equal(socket().sent.at(-1).type, "ping");
  socket().say({ type: "ok", ref: socket().sent.at(-1).ref });
  clock.pass(QUIET_MS);
  assert.equal(socket().sent.length, 3);
  clock.pass(ANSWER_MS);
  assert.equal(last().reason, "link.silent");
});

test("after a sleep a socket is asked at once, and left soon when it is dead", () => {
  connected();
  connection.woken();
  assert.equal(socket().sent.length, 1, "it was heard a moment ago");
  clock.sleep(QUIET_MS);
  connection.woken();
  connection.woken();
  assert.deepEqual(socket().sent.slice(1).map(({ type }) => type), ["ping"]);
  clock.pass(WOKEN_ANSWER_MS - 1);
  assert.equal(connection.isOpen, true);
  clock.pass(1);
  assert.equal(last().reason, "link.silent");
});

test("a socket that is alive after a sleep stays, and one that is not open is not asked", () => {
  connected();
  clock.sleep(QUIET_MS);
  connection.woken();
  socket().say({ type: "ok", ref: socket().sent.at(-1).ref });
  clock.pass(WOKEN_ANSWER_MS);
  assert.equal(connection.isOpen, true);
  socket().drop();
  clock.sleep(QUIET_MS);
  connection.woken();
  assert.equal(last().phase, "waiting");
});

test("a socket that does not open is left", () => {
  connection.tryNow();
  clock.pass(ANSWER_MS);
  assert.equal(last().reason, "link.refused");
  clock.pass(10_000);
  assert.equal(sockets.length, 2);
});

test("an answer that says no is a sign of life, too", () => {
  connected();
  clock.pass(QUIET_MS);
  socket().say({ type: "error", ref: socket().sent.at(-1).ref, code: "BAD_FRAME", message: "m", remedy: "r" });
  clock.pass(ANSWER_MS);
  assert.equal(connection.isOpen, true);
});

test("it comes back by itself, and at once on request", () => {
  connected();
  socket().drop();
  assert.equal(last().phase, "waiting");
  assert.equal(last().retryAt_ms, clock.now() + 225);
  clock.pass(224);
  assert.equal(sockets.length, 1);
  clock.pass(1);
  assert.equal(sockets.length, 2);
  socket().drop();
  assert.equal(last().reason, "link.refused");
  connection.tryNow();
  assert.equal(sockets.length, 3);
  connection.tryNow();
  assert.equal(sockets.length, 3, "one socket at a time");
});

test("what an abandoned socket still says is not heard", () => {
  connected();
  const old = socket();
  connection.interrupted("link.offline");
  old.say({ type: "message", cursor: "e:9", id: "ghost" });
  old.drop();
  assert.equal(listener.calls.filter(([name]) => name === "event").length, 0);
  assert.equal(last().reason, "link.offline");
});

test("pauses grow, have jitter, and stay bounded", () => {
  const full = Array.from({ length: 12 }, (_, n) => backoffMs(n, () => 1));
  assert.deepEqual(full.slice(0, 4), [300, 600, 1200, 2400]);
  assert.equal(full.at(-1), 10_000);
  assert.equal(backoffMs(3, () => 0), 1200);
});

test("a session that ended, lost rights and too many pages are for a person to change", () => {
  for (const [code, reason] of [
    [4401, "link.session"],
    [4403, "link.rights"],
    [4429, "link.crowded"],
  ]) {
    connected();
    socket().drop(code);
    assert.equal(last().phase, "ended");
    assert.equal(last().reason, reason);
    assert.equal(clock.waiting, 0);
  }
});

test("a new session key means connecting again at once, but not in a circle", () => {
  connected();
  socket().drop(4409);
  assert.equal(sockets.length, 2);
  socket().drop(1006);
  clock.pass(10_000);
  socket().drop(4409);
  assert.equal(last().phase, "waiting");
});

test("an absent worker is told, and its welcome comes unasked", async () => {
  connection.tryNow();
  socket().open();
  socket().say({ type: "error", ref: "1", code: "WORKER_UNAVAILABLE", message: "away", remedy: "wait" });
  await settle();
  assert.equal(last().phase, "greeting");
  assert.equal(last().error.code, "WORKER_UNAVAILABLE");
  socket().say(welcome({ ref: null }));
  assert.equal(connection.isOpen, true);
});

test("an error that belongs to no command is told", () => {
  connected();
  socket().say({ type: "error", ref: null, code: "TOO_MANY_SOCKETS", message: "m", remedy: "r" });
  assert.equal(listener.calls.at(-1)[0], "trouble");
});
