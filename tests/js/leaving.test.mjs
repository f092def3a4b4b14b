/** Leaving a channel with something unsent in it: nothing is discarded unasked, nothing that was discarded comes back. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { leave, leftWords } from "../../static/webchat/js/leaving.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { FakeClock, recorder } from "./fakes.mjs";

const LOBBY = "#lobby";
const FULL = { code: "STORE_FULL", message: "full", remedy: "" };

let app;
let did;
let asked;
let answer;
let refusal;
let files;
let refused;

beforeEach(() => {
  did = [];
  asked = [];
  answer = true;
  refusal = "";
  files = 0;
  refused = "";
  const messages = new OptimisticUIManager(new FakeClock(), recorder("changed", "removed", "changeTold"));
  app = {
    messages,
    channels: { isRefused: (name) => name === refused },
    close: (name) => did.push(`close ${name}`),
    leaving: new Map(),
    sharing: { waitingIn: () => files, left: (name) => did.push(`no files into ${name}`) },
    outbox: { discard: async ({ id, text }) => did.push(`take back ${id}${text}`) }, // nobody can undo it: no text stays
    connection: {
      async request({ type, id = "" }) {
        if (type === refusal) throw FULL;
        did.push(`${type} ${id}`.trim());
      },
    },
    screen: {
      left: (name) => did.push(leftWords(app, name)),
      trouble: ({ code }) => did.push(code),
      askCard: { ask: async (...given) => asked.push(given) && answer },
    },
  };
  const write = (id, channel) => messages.written({ id, channel, text: id, at_ms: 1, author: "me", name: "Ann" });
  write("a", "#other");
  write("b", LOBBY);
  write("c", LOBBY);
  messages.reported({ id: "c", channel: LOBBY, order: "1", state: "failed", error: FULL });
});

test("with nothing unsent in it a channel is left at once", async () => {
  await leave(app, "#quiet");
  assert.deepEqual([asked, did], [[], ["channel.leave", "no files into #quiet"]]);
});

test("who stays loses nothing", async () => {
  answer = false;
  await leave(app, LOBBY);
  assert.deepEqual([asked, did], [[["leave", { channel: LOBBY, n: 2 }]], []]);
});

test("who leaves discards what is in this channel, wherever it has got to", async () => {
  await leave(app, LOBBY);
  assert.deepEqual(did, ["message.discard c", "channel.leave", "take back b", `no files into ${LOBBY}`]);
});

test("files that are on their way are asked about too", async () => {
  files = 2;
  answer = false;
  await leave(app, "#quiet");
  assert.deepEqual([asked, did], [[["leave", { channel: "#quiet", n: 2 }]], []]);
});

test("what got out while the question stood open is not touched", async () => {
  app.screen.askCard.ask = async () => {
    app.messages.reported({ id: "c", channel: LOBBY, order: "1", state: "delivered", delivered: { n: 1, m: 1 } });
    return true;
  };
  await leave(app, LOBBY);
  assert.deepEqual(did, ["channel.leave", "take back b", `no files into ${LOBBY}`]);
});

test("a channel that the node has given up joining is closed, for there is nothing to leave", async () => {
  refused = "#quiet";
  await leave(app, "#quiet");
  assert.deepEqual(did, ["close #quiet", "You left #quiet.", "no files into #quiet"]);
});

test("a node that does not leave ends it, and says why", async () => {
  refusal = "channel.leave";
  await leave(app, LOBBY);
  assert.deepEqual(did, ["message.discard c", "STORE_FULL"]);
});

test("it says that the channel is left, and what that has cost, once", async () => {
  await leave(app, "#quiet");
  assert.equal(leftWords(app, "#quiet"), "You left #quiet.");
  files = 1;
  await leave(app, LOBBY);
  assert.equal(leftWords(app, LOBBY), "You left #lobby. 3 messages or changes that were unsent are discarded.");
  assert.equal(app.leaving.size, 0);
});

test("a channel that was left by another page keeps here what is unsent", async () => {
  assert.equal(leftWords(app, "#quiet"), "You left #quiet.");
  assert.equal(leftWords(app, LOBBY), "You left #lobby elsewhere. What is unsent in it stays in the outbox.");
  refusal = "channel.leave";
  await leave(app, LOBBY);
  assert.match(leftWords(app, LOBBY), /stays in the outbox/); // nothing is said of what was refused before
});
