/** The list of a channel's people asks as long as it is open, for one channel at a time. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";
import { settle } from "./fakes.mjs";

const ASK_MS = 5000;
const ANN = "ab".repeat(20);

globalThis.document = documentDouble("members", "members-note");
const { MembersView } = await import("../../static/webchat/js/view/members.js");

let asked;
let view;

const list = document.getElementById("members");
const note = document.getElementById("members-note");
const member = { node_id: ANN, name: "ann", reachable: true, answered_ms: 0 };
const answer = (at) => asked[at].resolve({ total: 1, members: [member] });

async function wait(ms) {
  mock.timers.tick(ms);
  await settle();
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  asked = [];
  view = new MembersView({
    ask: (channel) => new Promise((resolve, reject) => asked.push({ channel, resolve, reject })),
    me: () => "me",
    isBlocked: () => false,
    who: (id, name) => ({ id, name, picture: "" }),
  });
});

afterEach(() => {
  view.close();
  mock.timers.reset();
});

const channels = () => asked.map(({ channel }) => channel);

test("opened anew while an answer is under way it asks in one turn, and not at all once it is closed", async () => {
  view.open("#a");
  view.close();
  view.open("#a");
  assert.deepEqual(channels(), ["#a", "#a"]);
  answer(0);
  await settle();
  assert.equal(list.children.length, 0, "an earlier opening's answer is not this one's");
  answer(1);
  await settle();
  assert.equal(list.children.length, 1);
  await wait(ASK_MS);
  assert.deepEqual(channels(), ["#a", "#a", "#a"], "one turn, one question");
  answer(2);
  await settle();
  view.close();
  await wait(3 * ASK_MS);
  assert.equal(asked.length, 3);
});

test("who has contradicted himself is marked, with the state beside it", async () => {
  view.open("#a");
  asked[0].resolve({ total: 2, members: [member, { ...member, node_id: "cd".repeat(20), forked: true }] });
  await settle();
  const [sound, forked] = list.children.map((item) => item.all("span").flatMap((span) => span.children.filter((child) => child.trim)));
  assert.deepEqual(sound.slice(-1), ["reachable"]);
  assert.deepEqual(forked.slice(-2), ["reachable", "messages contradict each other: the key may be in two hands"]);
  assert.deepEqual(list.children.map((item) => item.dataset.forked), ["false", "true"]);
});

test("closed while an answer is under way it asks no more, whether the answer comes or not", async () => {
  view.open("#a");
  view.close();
  view.open("#b");
  view.close();
  answer(0);
  asked[1].reject(new Error("gone"));
  await settle();
  await wait(3 * ASK_MS);
  assert.deepEqual(channels(), ["#a", "#b"]);
});

test("a list that can't be had says so, and is asked for again in its turn", async () => {
  view.open("#a");
  asked[0].reject(new Error("the node is busy"));
  await settle();
  assert.match(note.textContent, /the node is busy/);
  await wait(ASK_MS);
  answer(1);
  await settle();
  assert.equal(list.children.length, 1);
});
