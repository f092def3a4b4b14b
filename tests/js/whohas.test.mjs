import assert from "node:assert/strict";
import { test } from "node:test";

import { mergeAcks } from "../../static/webchat/js/receipts.js";
import { whoHas } from "../../static/webchat/js/whohas.js";

const nameOf = (id) => ({ b: "Bob", c: "Cleo", d: "Dan" })[id];
const row = (more) => ({
  alone: false,
  stored: { k: 3, of: 5, machines: 3 },
  delivered: { n: 0, m: 0 },
  acks: [],
  unreachable: [],
  ...more,
});

test("who has it, with names and times, the first first; who can't be reached, since when; who is silent", () => {
  const acks = [
    ["c", 20],
    ["b", 10],
  ];
  const told = whoHas(row({ delivered: { n: 2, m: 4 }, acks, unreachable: [["d", 5]] }), nameOf);
  assert.deepEqual(
    told.has.map(({ name, at_ms }) => [name, at_ms]),
    [
      ["Bob", 10],
      ["Cleo", 20],
    ],
  );
  assert.deepEqual(told.lacks, [{ id: "d", name: "Dan", at_ms: 5 }]);
  assert.deepEqual([told.more, told.missing], [0, 1]);
  assert.match(told.summary, /^3 of 5 nodes/);
});

test("who has acked is not called unreachable, and those who are only counted are counted", () => {
  const told = whoHas(row({ delivered: { n: 3, m: 3 }, acks: [["b", 1]], unreachable: [["b", 0]] }), nameOf);
  assert.deepEqual([told.lacks, told.more, told.missing], [[], 2, 0]);
});

test("alone on the network is said plainly", () => {
  assert.match(whoHas(row({ alone: true }), nameOf).summary, /^Only your node has this so far\./);
});

test("that only this server has it is said plainly, however many of its nodes keep it", () => {
  const stored = { k: 2, of: 2, machines: 1 };
  assert.match(whoHas(row({ local: true, stored }), nameOf).summary, /^Only this server has this so far\./);
  assert.match(whoHas(row({ local: false, stored }), nameOf).summary, /^2 nodes keep it, all of them on 1 machine\./);
});

test("acks only grow, keep their first time, and are bounded", () => {
  const first = mergeAcks([], [["b", 10]]);
  assert.deepEqual(mergeAcks(first, [["b", 99], ["c", 20]]), [["b", 10], ["c", 20]]);
  assert.deepEqual(mergeAcks(first, []), first);
  assert.deepEqual(mergeAcks(first), first);
  const many = Array.from({ length: 100 }, (_, at) => [`n${at}`, at]);
  assert.equal(mergeAcks(first, many).length, 64);
});
