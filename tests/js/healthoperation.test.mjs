/** The report on an operation: what became of it, each try, each way to each node, what to do about it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { attemptRows, isOfMessage, operationOutcome, wayRows } from "../../static/webchat/js/health/operation.js";
import { NOW } from "./healthdouble.mjs";

const way = (changes = {}) => ({ at_ms: NOW, operation: "join.inbound", method: "direct", outcome: "ok", elapsed_ms: 20, ...changes });

const report = (changes = {}) => ({
  operation: "join",
  subject: "#lobby",
  outcome: "failed",
  elapsed_ms: 5000,
  attempts: [
    { number: 1, at_ms: NOW, elapsed_ms: 900, outcome: "TIMEOUT", step: "inbound" },
    { number: 2, at_ms: NOW + 2000, elapsed_ms: 10, outcome: "ok", step: "" },
  ],
  paths: [
    { peer: "aa", reached: true, ways: [way({ at_ms: NOW + 5 }), way({ outcome: "silent or refused" })] },
    { peer: "bb", reached: false, ways: [way({ at_ms: NOW + 3, outcome: "TIMEOUT" })] },
  ],
  ...changes,
});

const name = (id) => `<${id.slice(0, 2)}>`;

test("it says of what it is, what became of it, after how many tries, and how many refused or did not answer", () => {
  const told = operationOutcome(report(), name);
  assert.deepEqual(told, { text: "join of #lobby: it failed after 2 tries. 1 of 2 nodes asked refused or did not answer.", tone: "failed" });
  const well = operationOutcome(report({ outcome: "ok", attempts: [{}] }), name);
  assert.deepEqual(well, { text: "join of #lobby: it went well at the first try.", tone: "well" });
  assert.equal(operationOutcome(report({ outcome: "running" }), name).tone, "open");
  assert.match(operationOutcome(report({ outcome: "given_up", paths: [] }), name).text, /given up before it came to an end\.$/);
  assert.match(operationOutcome(report({ operation: "reach.repair", subject: "ab".repeat(20) }), name).text, /^reach\.repair of <ab>:/);
});

test("each try is a row, with how far it came", () => {
  const rows = attemptRows(report()).map(({ cells }) => [cells[0], cells[2], cells[3].text ?? cells[3]]);
  assert.deepEqual(rows, [
    ["1", "messages arrive", "TIMEOUT"],
    ["2", "–", "ok"],
  ]);
});

test("each way to each node is a row, in order, and one that failed says whether the node was reached otherwise", () => {
  const rows = wayRows(report(), name).map(({ cells }) => [cells[1], cells[3], cells[4].text ?? cells[4], cells[4].note ?? ""]);
  assert.deepEqual(rows, [
    ["<aa>", "direct", "silent or refused", "reached another way"],
    ["<bb>", "direct", "TIMEOUT", ""],
    ["<aa>", "direct", "ok", ""],
  ]);
});

test("what was done for a message has its trace", () => {
  for (const operation of ["accept", "publish", "attempt.relay"]) assert.ok(isOfMessage(operation));
  for (const operation of ["join", "join.attempt", "renewal", "reach.repair", "handoff.take", "recovery"]) assert.ok(!isOfMessage(operation));
});
