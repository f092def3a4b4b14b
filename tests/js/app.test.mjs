/** The application between a node and views that draw nothing: which channel is open, joins, what is held of each. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { ROWS_AWAY_MAX } from "../../static/webchat/js/holding.js";
import { documentDouble } from "./domdouble.mjs";
import { BOB, ME, NodeDouble } from "./nodedouble.mjs";
import { Wire } from "./wiredouble.mjs";
import { storageOver } from "./storagedouble.mjs";

const LEFT_OUT = { code: "INVITE_INVALID", message: "Not invited", remedy: "Ask for a link", retryable: false };

const nothing = () => {};
const quiet = (...names) => Object.fromEntries(names.map((name) => [name, nothing]));

let kept;
let heard;
let replaced;
let node;
let wire;
let App;

beforeEach(async () => {
  mock.method(console, "info", nothing); // that there is no database
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  [kept, heard, replaced] = [new Map(), new Map(), []];
  node = new NodeDouble();
  wire = new Wire(node, null, nothing);
  const listen = (name, act) => heard.set(name, [...(heard.get(name) ?? []), act]);
  globalThis.window = {
    localStorage: storageOver(kept),
    location: { href: "https://chat.example.org/c/garden/" },
    history: { replaceState: (...given) => replaced.push(given.at(-1)) },
    matchMedia: () => ({ matches: false, addEventListener: nothing }),
    addEventListener: listen,
  };
  globalThis.document = Object.assign(documentDouble(), { addEventListener: listen });
  globalThis.WebSocket = function (address) {
    assert.equal(String(address), "wss://chat.example.org/ws/chat/");
    return wire.makeSocket();
  };
  globalThis.ResizeObserver = class {}; // asked for when the modules of what draws are loaded
  globalThis.BroadcastChannel = undefined; // one of Node's would keep the test from its end
  ({ App } = await import("../../static/webchat/js/app.js"));
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  for (const name of ["window", "document", "WebSocket"]) delete globalThis[name];
});

const happens = (name, event = {}) => heard.get(name).map((act) => act(event));
const remembered = (key) => kept.get(`starling 7 ${key}`) ?? null;

/** Views that draw nothing and note what they were told. */
function views(told, losing, asked) {
  class Screen {
    askCard = { ask: (...about) => new Promise((answer) => asked.push({ about, answer })) };
    rowListener = quiet("changed", "removed", "changeTold");
    toast = quiet("suggest", "tell");
    status = quiet("setLink", "setNode");
    timeline = { topId: null, ...quiet("redraw", "startAtLine") };
    constructor() {
      for (const name of ["show", "joinRefused", "left", "trouble", "ready", "channelChanged"]) this[name] = (...given) => told.push([name, ...given]);
      Object.assign(this, quiet("showMe", "greeted", "keeping", "toBottom"), { isReading: () => false });
    }
  }
  class Beside {
    typing = quiet("wrote", "heard");
    constructor() {
      Object.assign(this, quiet("shown", "setBlocked", "peopleChanged"), { isBlocked: () => false });
    }
  }
  class Persons {
    constructor(app) {
      const label = (channel, id, fallback) => app.channels.get(channel)?.names.get(id) ?? fallback;
      Object.assign(this, quiet("setProfile", "setVerified", "changed"), { label });
    }
  }
  class Sharing {
    constructor() {
      Object.assign(this, quiet("setLinked", "shown"), { isLosing: () => losing.length > 0 });
    }
  }
  return { Beside, Persons, Screen, Sharing };
}

async function begin({ join = "", asks = false } = {}) {
  const [told, losing, asked] = [[], [], []];
  const user = { id: 7, name: "ann" };
  const app = new App({ user, websocket: "/ws/chat/", channel: "#lobby", join, asks }, views(told, losing, asked));
  await app.start();
  await wire.run();
  return { app, told, losing, asked, of: (name) => told.filter(([each]) => each === name).map(([, ...given]) => given) };
}

async function joined(app, ...names) {
  for (const name of names) {
    const asked = app.join(name);
    await wire.run();
    await goOn();
    await asked;
  }
}

/** What the node has begun goes on. */
async function goOn() {
  node.step();
  await wire.run();
}

test("who has no channel yet is shown none, and connects", async () => {
  const { app, of } = await begin();
  assert.equal(app.current, null);
  assert.deepEqual(of("show").at(-1), [null]);
  assert.equal(app.connection.isOpen, true);
  assert.equal(app.me.id, ME);
  assert.equal(of("ready").length, 1);
});

test("a channel that is joined is open, and the next page begins with the one that was open last", async () => {
  const { app } = await begin();
  await joined(app, "#beds", "#apples");
  assert.equal(app.current, "#apples");
  app.open("#beds");
  assert.equal(remembered("channel"), "#beds");
  wire.isDown = true;
  const later = await begin();
  assert.equal(later.app.current, "#beds");
  assert.deepEqual(
    later.app.channels.all.map(({ name }) => name),
    ["#apples", "#beds"],
  );
});

test("a link to a channel joins it once: a reload of the page is no second click", async () => {
  const { app } = await begin({ join: "#garden" });
  await goOn();
  assert.equal(app.current, "#garden");
  assert.deepEqual(replaced, ["/"]);
  assert.equal(app.channels.isReady("#garden"), true);
});

/** A page that another site's link to #garden has opened; `asked` are the questions, `say` answers the last one. */
async function sentHere() {
  const begun = await begin({ join: "#garden", asks: true });
  const [question, ...more] = begun.asked;
  assert.deepEqual(more, []);
  assert.deepEqual(replaced, ["/"]);
  return { ...begun, question };
}

test("a link on another site asks before it joins, once the node has told where its person is already", async () => {
  const { app, question } = await sentHere();
  assert.deepEqual(question.about, ["follow", { channel: "#garden" }]);
  assert.equal(app.channels.get("#garden"), undefined);
  assert.ok(!wire.trace.some((line) => line.includes("channel.join ")));
  question.answer(true);
  await wire.run();
  await goOn();
  assert.deepEqual([app.current, app.channels.isReady("#garden")], ["#garden", true]);
});

test("who says no to another site's link is in no new channel, and is not asked again", async () => {
  const { app, question, asked } = await sentHere();
  question.answer(false);
  await goOn();
  happens("offline");
  node.holdsEvents = false;
  happens("online");
  await wire.run();
  assert.deepEqual([app.channels.get("#garden"), app.current, asked.length], [undefined, null, 1]);
});

test("a link on another site to a channel of one's own just opens it, on a device that does not know it, too", async () => {
  node.channel("#garden").isJoined = true;
  const { app, asked } = await begin({ join: "#garden", asks: true });
  assert.deepEqual([app.current, asked], ["#garden", []]);
  const again = await begin({ join: "#garden", asks: true });
  assert.deepEqual([again.app.current, again.asked], ["#garden", []]);
});

test("the node is asked for a channel once, and again after it has given the join up", async () => {
  const { app } = await begin();
  const asked = () => wire.trace.filter((line) => line.includes("channel.join ")).length;
  await joined(app, "#beds");
  await joined(app, "#beds");
  assert.equal(asked(), 1);
  app.channels.left("#beds");
  app.channels.joining("#beds");
  app.channels.refused("#beds", LEFT_OUT);
  await joined(app, "#beds");
  assert.equal(asked(), 2);
});

test("a channel that the node refuses is gone again, with the reason, and another one is open", async () => {
  const { app, of } = await begin();
  await joined(app, "#beds");
  const attach = node.attach.bind(node);
  node.attach = (say) => {
    const server = attach(say);
    const take = (frame) => (frame.type === "channel.join" ? say({ type: "error", ref: frame.ref, ...LEFT_OUT }) : server.take(frame));
    return { ...server, take };
  };
  wire.endAll();
  app.connection.interrupted("link.offline");
  app.connection.tryNow();
  await wire.run();
  await joined(app, "#closed");
  assert.equal(app.channels.get("#closed"), undefined);
  assert.equal(app.current, "#beds");
  assert.equal(of("joinRefused")[0][0].code, "INVITE_INVALID");
  assert.deepEqual([...app.wanted], [], "it is not asked for again by itself");
});

test("what is asked for without a connection is asked once there is one", async () => {
  wire.isDown = true;
  const { app } = await begin();
  await app.join("#beds");
  assert.deepEqual([app.current, [...app.wanted]], ["#beds", ["#beds"]]);
  assert.equal(app.channels.isReady("#beds"), false);
  const later = await begin();
  assert.equal(later.app.current, "#beds", "the next page knows of it, too");
  wire.isDown = false;
  happens("online");
  await wire.run();
  assert.deepEqual([...app.wanted], ["#beds"], "until the node has written it down");
  await goOn();
  assert.deepEqual([app.channels.isReady("#beds"), [...app.wanted]], [true, []]);
});

test("a channel that is put away holds its end alone, and its older messages can be loaded again", async () => {
  const { app } = await begin();
  await joined(app, "#beds", "#apples");
  app.open("#beds");
  for (let number = 0; number < ROWS_AWAY_MAX + 30; number += 1) node.says("#beds", `m${String(number).padStart(4, "0")}`, `${number}`);
  await wire.run();
  assert.equal(app.messages.rows("#beds").length, ROWS_AWAY_MAX + 30);
  app.channels.setOlder("#beds", "none");
  app.open("#apples");
  assert.ok(app.messages.rows("#beds").length <= ROWS_AWAY_MAX);
  assert.equal(app.messages.rows("#beds").at(-1).text, String(ROWS_AWAY_MAX + 29));
  assert.equal(app.channels.get("#beds").older, "idle");
});

test("what is written into a channel that is being joined waits until it is joined", async () => {
  const { app } = await begin();
  app.channels.joining("#slow");
  const none = { stored: { k: 0, of: 0 }, delivered: { n: 0, m: 0 }, acks: [], unreachable: [], alone: false };
  const report = { id: "own", channel: "#slow", kind: "text", text: "early", html: "", order: "000001", at_ms: 1, state: "pending", ...none };
  app.messages.reported(report, ME, "Ann");
  assert.equal(app.messages.row("own").phase, "queued");
  app.channels.joined({ channel: "#slow", created: false, alone: false, elapsed_ms: 10 });
  assert.equal(app.messages.row("own").phase, "sending");
});

test("a message names its author where no other word on the name has come", async () => {
  const { app } = await begin();
  await joined(app, "#beds");
  node.says("#beds", "m1", "hello");
  await wire.run();
  assert.equal(app.nameOf(app.messages.row("m1")), "Bob");
  app.channels.named({ channel: "#beds", author: BOB, name: "Robert" });
  node.says("#beds", "m2", "hello again");
  await wire.run();
  assert.equal(app.nameOf(app.messages.row("m2")), "Robert");
});

/** Whether the page, left now, has the browser ask first. */
function isAskedBeforeLeaving() {
  let isPrevented = false;
  happens("beforeunload", { preventDefault: () => (isPrevented = true) });
  return isPrevented;
}

test("the browser asks before the page goes when files would go with it, and not otherwise", async () => {
  const { losing } = await begin();
  assert.equal(isAskedBeforeLeaving(), false);
  losing.push("garden.png");
  assert.equal(isAskedBeforeLeaving(), true);
});

test("where the browser keeps nothing it asks before a page goes with what is unsent, and no longer once that is out", async () => {
  const { app } = await begin();
  await joined(app, "#beds");
  assert.equal(isAskedBeforeLeaving(), false);
  happens("offline");
  await app.outbox.add({ id: "m1", channel: "#beds", kind: "text", text: "hello", target: "", emoji: "", on: true, reply_to: "", order: "1", at_ms: Date.now() });
  assert.equal(isAskedBeforeLeaving(), true);
  happens("online");
  await wire.run();
  assert.deepEqual([app.outbox.waiting, isAskedBeforeLeaving()], [[], false]);
});

test("a device that loses its network says so at once, and connects at once when it is back", async () => {
  const { app } = await begin();
  happens("offline");
  assert.equal(app.connection.isOpen, false);
  happens("online");
  await wire.run();
  assert.equal(app.connection.isOpen, true);
});

test("a channel that is left is forgotten, and the next page does not begin with it", async () => {
  const { app } = await begin();
  await joined(app, "#beds", "#apples");
  node.says("#apples", "m1", "hello");
  await wire.run();
  assert.equal(app.messages.rows("#apples").length, 1);
  app.close("#apples");
  assert.equal(app.current, "#beds");
  assert.equal(app.messages.rows("#apples").length, 0);
  assert.equal(remembered("channels"), '["#beds"]');
});

test("a page hands over nothing to the node of somebody else who has signed in meanwhile", async () => {
  const { app } = await begin();
  await joined(app, "#beds");
  happens("offline");
  const written = { id: "m1", channel: "#beds", kind: "text", text: "from ann", target: "", emoji: "", on: true, reply_to: "", order: "1", at_ms: Date.now() };
  await app.outbox.add(written);
  node.user = { id: 8, name: "bea" };
  happens("online");
  await wire.run();
  assert.equal(app.connection.isEnded, true);
  assert.deepEqual(app.outbox.waiting, ["m1"]);
  assert.deepEqual(node.accepted, []);
  node.user = { id: 7, name: "ann" };
  happens("online");
  await wire.run();
  assert.equal(app.connection.isEnded, true, "the network's coming back changes nothing: a person does");
  app.connection.tryNow();
  await wire.run();
  assert.deepEqual([app.outbox.waiting, node.accepted], [[], ["m1"]]);
});

for (const holdsEvents of [true, false]) {
  test(`a channel that another page left while this one was offline is told once (${holdsEvents ? "replay" : "snapshot"})`, async () => {
    const { app, of } = await begin();
    await joined(app, "#beds", "#apples");
    happens("offline");
    node.leaves("#apples");
    node.holdsEvents = holdsEvents;
    happens("online");
    await wire.run();
    assert.equal(app.current, "#beds");
    assert.deepEqual(of("left"), [["#apples", true]]);
  });
}

test("what this page itself is leaving is no surprise when the welcome tells it", async () => {
  const { app, of } = await begin();
  await joined(app, "#beds", "#apples");
  happens("offline");
  app.leaving.set("#apples", 0);
  node.leaves("#apples");
  node.holdsEvents = false;
  happens("online");
  await wire.run();
  assert.deepEqual(of("left"), [["#apples", false]]);
});

/** #beds is joined, and a message in it, `m1`, has found no quorum. */
async function failedMessage(app, text) {
  await joined(app, "#beds");
  node.failing.add(text);
  await app.outbox.add({ id: "m1", channel: "#beds", kind: "text", text, target: "", emoji: "", on: true, reply_to: "", order: "1", at_ms: Date.now() });
  await wire.run();
  node.step();
  await wire.run();
  assert.deepEqual([app.messages.row("m1").state, app.messages.row("m1").error.code], ["failed", "NO_QUORUM"]);
}

test("what another page of the same person tries again is on its way here, too, until it has failed anew", async () => {
  const { app } = await begin();
  await failedMessage(app, "hello");
  const row = () => app.messages.row("m1");
  node.failing.add("hello");
  const another = node.attach(nothing);
  another.take({ type: "message.retry", id: "m1", ref: 1 });
  await wire.run();
  assert.deepEqual([row().state, row().phase, row().error], ["pending", "sending", null]);
  node.step();
  await wire.run();
  assert.equal(row().state, "failed");
  another.take({ type: "message.retry", id: "m1", ref: 2 });
  node.step();
  await wire.run();
  assert.equal(row().state, "sent");
});

for (const holdsEvents of [true, false]) {
  const way = holdsEvents ? "replay" : "snapshot";
  test(`what another page tries again while this one is offline is on its way here as well (${way})`, async () => {
    const { app } = await begin();
    await failedMessage(app, "hello");
    happens("offline");
    node.attach(nothing).take({ type: "message.retry", id: "m1", ref: 1 });
    node.holdsEvents = holdsEvents;
    happens("online");
    await wire.run();
    assert.equal(app.messages.row("m1").state, "pending");
  });
}

test("a Retry that waits for the connection is not ended by what another page had tried before it", async () => {
  const { app } = await begin();
  await failedMessage(app, "hello");
  happens("offline");
  const another = node.attach(nothing);
  node.failing.add("hello");
  another.take({ type: "message.retry", id: "m1", ref: 1 });
  node.step();
  await app.outbox.retry(app.messages.row("m1"));
  assert.equal(app.messages.row("m1").state, "pending");
  const told = [];
  app.screen.rowListener.changed = ({ state }) => told.push(state);
  happens("online");
  await wire.run();
  assert.deepEqual([...new Set(told)], ["pending"]);
});

test("somebody is at the page who types, presses, or comes back to it", async () => {
  const { app } = await begin();
  const used = mock.method(app.staying, "used");
  for (const [n, way] of ["keydown", "pointerdown", "visibilitychange"].entries()) {
    happens(way);
    assert.equal(used.mock.callCount(), n + 1, way);
  }
});
