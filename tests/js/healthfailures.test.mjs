/** A trace claims no more than the engine: what nobody knows is neither complete nor lost, and what failed is shown with what is known since. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fateOf, messageFailures, operationFailures, POINTS_MAX } from "../../static/webchat/js/health/failures.js";
import { atTime } from "../../static/webchat/js/health/format.js";
import { outcomeOf } from "../../static/webchat/js/health/tracing.js";
import { NOW, record } from "./healthdouble.mjs";

const name = (id) => `<${id}>`;
const node = (id, outcome) => ({ id, outcome, attempts: [] });
const path = (peer, reached) => ({ peer, reached, ways: [] });
const point = (peer, changes = {}) => ({ peer, by: "i1", method: "initiator", outcome: "timeout", times: 1, first_ms: NOW, last_ms: NOW, reached_otherwise: false, ...changes });

/** As the engine reports on it (`peernode/diagnostics/report.py`). */
function trace(outcome, paths, { nodes = [], records = [], failed = 0, points = [] } = {}) {
  const reached = paths.filter((each) => each.reached).length;
  const silent = nodes.filter((each) => !["ok", "missing"].includes(each.outcome)).length;
  return { nodes, records, report: { outcome, total: paths.length, reached, failed, silent, asked: nodes.length, paths, failure_points: points } };
}

const told = (...about) => Object.values(outcomeOf(trace(...about)));

test("what is on record of everybody is well, and no more is claimed", () => {
  assert.deepEqual(told("reached", [path("a", true)]), ["It was brought to the one node for which a try is on record.", "well", ""]);
  assert.deepEqual(told("reached", [path("a", true), path("b", true)]), ["It was brought to all 2 nodes for which a try is on record.", "well", ""]);
  const detour = ["It was brought to all 2 nodes for which a try is on record, to 1 of them after tries in vain.", "well", ""];
  assert.deepEqual(told("detour", [path("a", true), path("b", true)], { failed: 1 }), detour);
  assert.deepEqual(told("untried", []), ["No try to bring it to anybody is on record.", "open", ""]);
});

test("while a node did not answer there may be more, and it is not called complete", () => {
  const toneOf = (...outcomes) => told("reached", [path("a", true)], { nodes: outcomes.map((each, at) => node(`i${at}`, each)) })[1];
  assert.deepEqual([toneOf("ok", "missing"), toneOf("ok", "timeout"), toneOf("ok", "rate_limited")], ["well", "open", "open"]);
});

test("a subscriber to which no try went well may have fetched it, and is not called without it", () => {
  const partly = ["It was brought to 1 of 2 nodes for which a try is on record.", "open", "One to which it was not brought may have fetched it by itself since."];
  assert.deepEqual(told("partly", [path("a", true), path("b", false)], { nodes: [node("i1", "ok")] }), partly);
  const none = ["It was brought to none of the 2 nodes for which a try is on record.", "open", "2 to which it was not brought may have fetched it by themselves since."];
  assert.deepEqual(told("unreached", [path("a", false), path("b", false)]), none);
});

test("what a node says itself settles it: one that lacks it is a trouble, one that holds it none", () => {
  const partly = [path("a", true), path("b", false)];
  assert.deepEqual(told("partly", partly, { nodes: [node("b", "missing")] }).slice(1), ["failed", ""]);
  assert.deepEqual(told("partly", partly, { nodes: [node("b", "ok")] }).slice(1), ["well", "One to which it was not brought has it all the same."]);
  assert.deepEqual(["ok", "missing", "timeout", "busy"].map((said) => fateOf("b", [node("b", said)])), ["holds", "lacks", "unknown", "unknown"]);
  assert.equal(fateOf("b", []), "unknown");
});

test("that its author's node gave it up is known, unless it was brought somewhere after all", () => {
  const publish = (serial, outcome) => record(serial, { operation: "publish", outcome });
  const lost = [path("a", false)];
  const [text, tone] = told("unreached", lost, { records: [publish(1, "ok"), publish(2, "NO_QUORUM"), record(3, { operation: "attempt.publish", outcome: "ok" })] });
  assert.match(text, / Its author's node gave it up \(NO_QUORUM\)\.$/);
  assert.equal(tone, "failed");
  for (const last of ["ok", "cancelled"]) assert.equal(told("unreached", lost, { records: [publish(1, "NO_QUORUM"), publish(2, last)] })[1], "open");
  assert.deepEqual(told("reached", [path("a", true)], { records: [publish(1, "NO_QUORUM")] })[1], "well");
  assert.equal(told("unreached", lost, { records: [publish(1, "NO_QUORUM")], nodes: [node("a", "ok")] })[1], "well");
  assert.equal(told("untried", [], { records: [publish(1, "NO_INITIATOR")] })[1], "failed");
});

test("each place where tries failed is a row with what is known since, what is lost first", () => {
  const points = [
    point("d", { reached_otherwise: true }),
    point("c"),
    point("b"),
    point("a", { by: "i2", method: "publish", outcome: "BUSY", times: 3, last_ms: NOW + 4000 }),
  ];
  const found = messageFailures(trace("partly", [], { points, nodes: [node("a", "missing"), node("b", "ok"), node("c", "timeout")] }), name);
  const plain = found.rows.map(({ cells }) => cells.map((cell) => cell.text ?? cell));
  const at = atTime(NOW);
  assert.deepEqual(plain, [
    ["<i2>", "<a>", "publish", "BUSY", "3", `${at} – ${atTime(NOW + 4000)}`, "does not hold it"],
    ["<i1>", "<c>", "initiator", "timeout", "1", at, "may have fetched it"],
    ["<i1>", "<b>", "initiator", "timeout", "1", at, "has it all the same"],
    ["<i1>", "<d>", "initiator", "timeout", "1", at, "reached by another try"],
  ]);
  assert.deepEqual(found.rows.map(({ cells }) => cells.filter(({ kind }) => kind === "is-troubled").length), [1, 0, 0, 0], "only what is known is red");
  assert.equal(found.head.length, plain[0].length);
});

test("as many places are shown as can be read, and the others counted", () => {
  const points = Array.from({ length: POINTS_MAX + 7 }, (_, at) => point(`${at}`));
  const { rows, left } = messageFailures(trace("unreached", [], { points }), name);
  assert.deepEqual([rows.length, left], [POINTS_MAX, 7]);
});

const report = {
  operation: "join",
  subject: "#lobby",
  outcome: "running",
  attempts: [{}, {}],
  paths: [path("a", true), path("b", false)],
  failure_points: [{ peer: "a", operation: "join.find", method: "direct", outcome: "TIMEOUT", times: 1, first_ms: NOW, last_ms: NOW, reached_otherwise: true }, { peer: "b", operation: "join.inbound", method: "direct", outcome: "silent or refused", times: 2, first_ms: NOW, last_ms: NOW, reached_otherwise: false }],
  cause: { code: "NO_INITIATOR", message: "Nobody answers", remedy: "Wait a minute." },
};

test("an operation's report names whom it did not reach, first and in red", () => {
  const { head, rows } = operationFailures(report, name);
  assert.deepEqual(rows.map(({ cells }) => [cells[0], cells[1], cells[4], cells[6].text ?? cells[6]]), [["<b>", "join.inbound", "2", "not reached"], ["<a>", "join.find", "1", "reached by another try"]]);
  assert.equal(head.length, rows[0].cells.length);
});
