import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Channels } from "../../static/webchat/js/channels.js";
import { channelName } from "../../static/webchat/js/channelname.js";
import { DELAYED_MS, doneSteps } from "../../static/webchat/js/joining.js";
import { PageMemory } from "../../static/webchat/js/memory.js";
import { FakeClock } from "./fakes.mjs";
import { storageOver } from "./storagedouble.mjs";

let clock;
let storage;
let channels;

const open = () => new Channels(clock, new PageMemory(1, storageOver(storage)), { channelChanged() {} });
const step = (index, done, elapsed_ms, detail = "") => ({
  channel: "#a",
  step: `step${index}`,
  index,
  of: 6,
  elapsed_ms,
  detail,
  done,
});

beforeEach(() => {
  clock = new FakeClock();
  storage = new Map();
  channels = open();
});

test("a join has all its steps from the start, and each its own time", () => {
  const { join } = channels.joining("#a");
  assert.equal(join.steps.length, 6);
  channels.progressed(step(1, false, 0));
  channels.progressed(step(1, true, 120));
  channels.progressed(step(2, false, 130));
  channels.progressed(step(2, true, 400, "7 peers asked"));
  channels.progressed(step(3, false, 400));
  assert.deepEqual(
    join.steps.map((each) => each.state),
    ["done", "done", "running", "waiting", "waiting", "waiting"],
  );
  assert.deepEqual(
    join.steps.slice(0, 2).map((each) => each.took_ms),
    [120, 270],
  );
  assert.equal(join.steps[1].detail, "7 peers asked");
  channels.joined({ channel: "#a", created: true, alone: true, elapsed_ms: 900 });
  assert.equal(join.state, "joined");
  assert.equal(join.elapsed_ms, 900);
  assert.equal(doneSteps(join), 6);
  assert.equal(clock.waiting, 0);
});

test("who makes a channel is told to be the only one there, beside whatever nodes", () => {
  const isAlone = (report) => {
    channels.joining("#new");
    channels.joined({ channel: "#new", elapsed_ms: 9, ...report });
    const { alone } = channels.get("#new").join;
    channels.left("#new");
    return alone;
  };
  assert.equal(isAlone({ created: true, alone: false, subscribers: ["me"] }), true);
  assert.equal(isAlone({ created: true, alone: false, subscribers: ["me", "bob"] }), false);
  assert.equal(isAlone({ created: false, alone: false, subscribers: ["me"] }), false, "of a large one nobody lists all");
  assert.equal(isAlone({ created: false, alone: true, subscribers: ["me"] }), true);
});

test("pictures come and go, and a snapshot says which there are", () => {
  channels.welcomed({ name: "#a", joined: true, names: { x: "Ann" }, pictures: { x: "1" } });
  channels.carded({ channel: "#a", author: "y", picture: "2" });
  channels.carded({ channel: "#a", author: "x", picture: "" });
  assert.deepEqual([...channels.get("#a").pictures], [["y", "2"]]);
  channels.carded({ channel: "#nowhere", author: "y", picture: "2" });
  channels.welcomed({ name: "#a", joined: true });
  assert.deepEqual([...channels.get("#a").pictures], [["y", "2"]], "nothing was said of pictures");
  channels.welcomed({ name: "#a", joined: true, names: {}, pictures: {} });
  assert.equal(channels.get("#a").pictures.size, 0);
});

test("two of one name are told apart as soon as there are two", () => {
  channels.welcomed({ name: "#a", joined: true, names: { x: "Ann", y: "Bob" }, pictures: {} });
  assert.equal(channels.isTwin("#a", "x"), false);
  channels.named({ channel: "#a", author: "z", name: "  ANN " });
  assert.deepEqual(["x", "y", "z"].map((id) => channels.isTwin("#a", id)), [true, false, true]);
  channels.named({ channel: "#a", author: "z", name: "Zoë" });
  assert.equal(channels.isTwin("#a", "x"), false);
  assert.equal(channels.isTwin("#nowhere", "x"), false);
});

test("the node's short details become words", () => {
  const { join } = channels.joining("#a");
  const details = { find: "7", subscribe: "3/5", inbound: "1/5", outbound: "over 10.0.0.1", history: "1" };
  Object.entries(details).forEach(([name, detail], at) => {
    channels.progressed({ ...step(at + 2, true, 10, detail), step: name });
  });
  assert.deepEqual(
    join.steps.map((each) => each.detail),
    ["", "7 peers asked", "3 of 5 initiators", "1 of 5 initiators", "over 10.0.0.1", "1 message"],
  );
});

test("who is alone has nobody to prove the way out to", () => {
  const { join } = channels.joining("#a");
  channels.progressed({ ...step(5, true, 10, "alone"), step: "outbound" });
  assert.equal(join.steps[4].detail, "nobody else is here yet");
});

test("why a try failed stands at its step until the step is done, by its own report or by a later one's", () => {
  const { join } = channels.joining("#a");
  channels.progressed({ ...step(2, false, 0, "Nobody answers"), step: "find" });
  channels.progressed({ ...step(1, false, 10), step: "node" });
  channels.progressed({ ...step(2, false, 20), step: "find" });
  assert.equal(join.steps[1].detail, "Nobody answers");
  channels.progressed({ ...step(3, false, 30, "0/5"), step: "subscribe" });
  assert.equal(join.steps[1].detail, "");
  channels.progressed({ ...step(3, false, 40, "Nobody stores it"), step: "subscribe" });
  channels.progressed({ ...step(3, true, 50, "3/5"), step: "subscribe" });
  assert.equal(join.steps[2].detail, "3 of 5 initiators");
});

test("steps that are repeated or skipped leave none behind", () => {
  const { join } = channels.joining("#a");
  channels.progressed(step(4, false, 300));
  channels.progressed(step(1, true, 100));
  assert.deepEqual(
    join.steps.map((each) => each.state),
    ["done", "done", "done", "running", "waiting", "waiting"],
  );
});

test("within 5 s the channel is open all the same; the node's reason comes with it", () => {
  channels.joining("#a");
  assert.ok(DELAYED_MS <= 4500, "half a second is left for drawing");
  clock.pass(DELAYED_MS - 1);
  assert.equal(channels.get("#a").join.state, "joining");
  clock.pass(1);
  assert.equal(channels.get("#a").join.state, "delayed");
  assert.equal(channels.isReady("#a"), false);
  const error = { code: "NO_INITIATOR", message: "m", remedy: "r", retryable: true };
  channels.delayed({ channel: "#a", step: "find", elapsed_ms: 5000, error });
  assert.equal(channels.get("#a").join.error.code, "NO_INITIATOR");
  channels.joined({ channel: "#a", created: false, alone: false, elapsed_ms: 9000 });
  assert.equal(channels.isReady("#a"), true);
  channels.delayed({ channel: "#a", step: "find", elapsed_ms: 5000, error });
  assert.equal(channels.isReady("#a"), true, "a report that came late changes nothing");
});

test("a page that comes in the middle of a join sees how far it got", () => {
  const progress = { steps: [step(1, true, 10), step(2, false, 20)], delayed: null };
  channels.welcomed({ name: "#a", joined: false, progress });
  assert.equal(channels.get("#a").join.steps[1].state, "running");
  channels.welcomed({ name: "#a", joined: true, names: { ab: "Ann" } });
  assert.equal(channels.isReady("#a"), true);
  assert.equal(channels.get("#a").names.get("ab"), "Ann");
});

test("a page begins with the channels of the one before, and keeps those that the node has", () => {
  channels.welcomed({ name: "#b", joined: true });
  channels.welcomed({ name: "#a", joined: true });
  channels.remember();
  const next = open();
  next.recall();
  assert.deepEqual(
    next.all.map((channel) => channel.name),
    ["#a", "#b"],
  );
  assert.deepEqual(next.keepOnly(["#b"]), ["#a"]);
});

test("two reloads in the middle of a join leave it a join, which opens after its budget", () => {
  const progress = { steps: [step(1, true, 10), step(2, false, 20)], delayed: null };
  channels.joining("#a");
  channels.remember();
  channels = open();
  channels.recall();
  channels.welcomed({ name: "#a", joined: false, progress });
  assert.equal(channels.get("#a").join.steps[1].state, "running");
  channels.remember();
  channels = open();
  channels.recall();
  channels.welcomed({ name: "#a", joined: false });
  assert.equal(channels.isReady("#a"), false, "a node that has just started has no progress to tell of");
  assert.equal(channels.get("#a").join.state, "joining");
  clock.pass(DELAYED_MS);
  assert.equal(channels.get("#a").join.state, "delayed");
  channels.joined({ channel: "#a", created: false, alone: false, elapsed_ms: 9000 });
  assert.equal(channels.isReady("#a"), true);
});

test("a channel that the node has to join again is not ready until it has", () => {
  channels.joined({ channel: "#a", created: false, alone: false, elapsed_ms: 900 });
  channels.welcomed({ name: "#a", joined: false });
  assert.equal(channels.isReady("#a"), false);
  channels.welcomed({ name: "#a", joined: true });
  assert.equal(channels.isReady("#a"), true);
  assert.equal(clock.waiting, 0);
});

test("a browser that refuses storage forgets, and nothing breaks", (context) => {
  context.mock.method(console, "info", () => {});
  const broken = () => {
    throw new Error("SecurityError");
  };
  const memory = new PageMemory(1, { getItem: broken, setItem: broken, removeItem: broken });
  memory.set("draft #a", "x");
  assert.equal(memory.get("draft #a"), null);
});

test("names: with or without #, in one normal form, without spaces", () => {
  assert.equal(channelName("lobby"), "#lobby");
  assert.equal(channelName(" #lobby "), "#lobby");
  assert.equal(channelName("#Cafe\u0301"), "#Caf\u00e9");
  for (const bad of ["", "#", "  ", "two words", "a\u0007b", "a\u200bb", "x".repeat(64)]) assert.equal(channelName(bad), null);
  assert.equal(channelName("x".repeat(63)), `#${"x".repeat(63)}`);
});

test("who signs out leaves nothing behind in the browser, and others what is theirs", () => {
  const kept = new Map();
  const storage = storageOver(kept);
  const [mine, others] = [new PageMemory(1, storage), new PageMemory(11, storage)];
  for (const memory of [mine, others]) for (const key of ["draft #a", "channel", "channels"]) memory.set(key, "#a");
  const inAnotherTab = new PageMemory(1, storage);
  mine.forget();
  for (const memory of [mine, inAnotherTab]) memory.set("channel", "#b"); // a late word of the node, a draft
  const left = ["starling 11 draft #a", "starling 11 channel", "starling 11 channels", "starling forgotten 1"];
  assert.deepEqual([...kept.keys()], left);
  const signedInAgain = new PageMemory(1, storage);
  signedInAgain.set("channel", "#c");
  inAnotherTab.set("channel", "#b");
  assert.equal(signedInAgain.get("channel"), "#c");
  const broken = () => {
    throw new Error("storage is switched off");
  };
  new PageMemory(1, { length: 1, key: broken }).forget();
});

test("how a channel is holds while there are a connection and a network, and until it is left", () => {
  const told = [];
  channels = new Channels(clock, new PageMemory(1, storageOver(storage)), { channelChanged: ({ name }) => told.push(name) });
  const degraded = { state: "degraded", initiators: { k: 4, of: 5 }, error: { code: "INITIATOR_SILENT" } };
  const well = { state: "healthy", initiators: { k: 5, of: 5 }, error: null };
  channels.toldHealth({ channel: "#gone", ...well });
  assert.equal(channels.get("#gone"), undefined, "what is told of a channel that was left opens none");
  channels.welcomed({ name: "#a", joined: true, health: degraded });
  channels.welcomed({ name: "#b", joined: false });
  assert.equal(channels.healthOf("#a"), null, "nobody could tell a change");
  told.length = 0;
  channels.setLinked(true);
  channels.setLinked(true);
  assert.deepEqual(told, ["#a", "#b"]);
  assert.equal(channels.healthOf("#a"), null, "the node knows of no channel before it has a network");
  channels.setOnline(true);
  channels.setOnline(true);
  assert.deepEqual(told, ["#a", "#b", "#a", "#b"]);
  assert.deepEqual([channels.healthOf("#a"), channels.healthOf("#b"), channels.healthOf("#none")], [degraded, null, null]);
  channels.toldHealth({ channel: "#a", ...well });
  assert.deepEqual(channels.healthOf("#a"), well);
  for (const set of ["setLinked", "setOnline"]) {
    channels[set](false);
    assert.equal(channels.healthOf("#a"), null, set);
    channels[set](true);
  }
  channels.welcomed({ name: "#a", joined: true });
  assert.equal(channels.healthOf("#a"), null, "a welcome says all that the node has told");
  channels.toldHealth({ channel: "#a", ...well });
  channels.left("#a");
  channels.joining("#a");
  assert.equal(channels.healthOf("#a"), null);
});
