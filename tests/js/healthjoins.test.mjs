/** Joins: those that hang say why and what to do, and of what time all are is said. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { JOINS_MAX, joinReport } from "../../static/webchat/js/health/joining.js";
import { tilesOf } from "../../static/webchat/js/health/tiles.js";
import { channelPicture, NOW } from "./healthdouble.mjs";

const name = (id) => `<${id}>`;
const point = { peer: "b", operation: "join.inbound", method: "direct", outcome: "TIMEOUT", times: 2, first_ms: NOW, last_ms: NOW, reached_otherwise: false };

/** As the engine reports on an operation that goes on (`peernode/diagnostics/operationreport.py`). */
const report = {
  operation: "join",
  subject: "#lobby",
  outcome: "running",
  attempts: [{}, {}],
  paths: [
    { peer: "a", reached: true, ways: [] },
    { peer: "b", reached: false, ways: [] },
  ],
  failure_points: [point],
  cause: { code: "NO_INITIATOR", message: "Nobody answers", remedy: "Wait a minute." },
};

test("a join that hangs says why, what to do, and where it fails", () => {
  const { why, text, failures } = joinReport({ report }, name);
  assert.equal(why, "Nobody answers. Wait a minute. (NO_INITIATOR)");
  assert.equal(text, "join of #lobby: it goes on after 2 tries. 1 of 2 nodes asked refused or did not answer.");
  assert.deepEqual(failures.rows.map(({ cells }) => cells.slice(0, 5)), [["<b>", "join.inbound", "direct", "TIMEOUT", "2"]]);
  assert.equal(joinReport({ report: null }, name), null, "one that is through, or whose records are gone");
  assert.equal(joinReport({ report: { ...report, cause: null } }, name).why, "");
});

test("of what time the joins are is said, with the bound of the engine", () => {
  const joinlog = readFileSync(new URL("../../peernode/pubsub/joinlog.py", import.meta.url), "utf8");
  assert.equal(JOINS_MAX, Number(joinlog.match(/^JOINS_MAX = (\d+)$/m)[1]));
  const [, value, note] = tilesOf(channelPicture({ joins: { ok: 3, failed: 1, steps: {}, recent: [] } })).find(([key]) => key === "joins");
  assert.deepEqual([value, note], ["3 of 4", "since the nodes started, at most 128 each"]);
});
