/** Plots: round marks, broken lines where nothing was, all inside the picture, and the same as a table. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bucketsChart, joinsChart, latencyChart, replicationChart, successChart } from "../../static/webchat/js/health/charts.js";
import { ago, bytes, NOTHING, percent, time } from "../../static/webchat/js/health/format.js";
import { examinedWords, stepTold } from "../../static/webchat/js/health/examining.js";
import { joinCells, joinsShown, joinTitle } from "../../static/webchat/js/health/joining.js";
import { added, mainly, mostOf, partWords, segments } from "../../static/webchat/js/health/parts.js";
import { runs } from "../../static/webchat/js/health/plot/lines.js";
import { scale, ticks } from "../../static/webchat/js/health/plot/scale.js";
import { apartWords, certainty, channelTyped, traceOf } from "../../static/webchat/js/health/tracing.js";
import { NOW } from "./healthdouble.mjs";

const slice = (ago_s, changes = {}) => ({ at_ms: NOW - ago_s * 1000, attempted: 10, acked: 9, retried: 1, failed: 1, average_ms: 20, p50_ms: 20, p95_ms: 60, p99_ms: 90, ...changes });
const empty = { attempted: 0, acked: 0, retried: 0, failed: 0, p50_ms: null, p95_ms: null, p99_ms: null };
const drawn = (spec) => [spec, ...(spec.children ?? []).flatMap(drawn)];
const numbersIn = ({ attributes }) => ["x", "x1", "x2", "cx"].map((name) => Number(attributes?.[name] ?? 0));

test("marks are round and reach over the largest value", () => {
  assert.deepEqual(ticks(87), [0, 50, 100]);
  assert.deepEqual(ticks(0), ticks(1));
  assert.deepEqual(ticks(3, 4, true), [0, 1, 2, 3]);
  for (const max of [0.03, 1, 7, 99, 12_345, 1e9]) assert.ok(ticks(max).at(-1) >= max, String(max));
  assert.equal(ticks(Number.NaN).at(-1), 1);
});

test("a scale of no span is no division by zero", () => {
  assert.equal(scale(5, 5, 10, 20)(5), 10);
  assert.equal(scale(0, 10, 100, 0)(5), 50);
});

test("a line is broken where nothing was measured", () => {
  const found = runs([1, 2, null, 3, null, null, 4, 5].map((value, at) => ({ at, value })));
  assert.deepEqual(found.map((run) => run.length), [2, 1, 2]);
});

for (const width of [260, 360, 900])
  test(`every plot stays inside ${width} px and has a table`, () => {
    const series = [slice(290), slice(200), slice(190, empty), slice(20, { p99_ms: 4000 })];
    const charts = [
      latencyChart(series, NOW),
      successChart(series, NOW),
      joinsChart({ ok: 3, failed: 1, steps: { find: { count: 3, p50_ms: 40, p95_ms: 900, failed: 0 }, history: { count: 1, p50_ms: 3, p95_ms: 3, failed: 1 } } }),
      replicationChart({ of: 3, held_by: [0, 1, 0, 40], under: 1 }),
      bucketsChart([{ bits: 159, peers: 4, waiting: 1 }, { bits: 150, peers: 0, waiting: 0 }]),
    ];
    for (const { spec, head, rows, summary, legend } of charts) {
      const parts = drawn(spec(width));
      assert.ok(parts.length > 5);
      for (const part of parts) {
        for (const number of numbersIn(part)) assert.ok(number >= 0 && number <= width, `${part.tag} ${number}`);
        for (const value of Object.values(part.attributes ?? {})) assert.doesNotMatch(String(value), /NaN|undefined|Infinity/);
      }
      assert.ok(rows.length && rows.every((row) => row.length === head.length));
      assert.ok(summary.endsWith("."));
      assert.ok(legend.length);
    }
  });

test("where nothing happened there is no plot", () => {
  assert.equal(latencyChart([], NOW), null);
  assert.equal(latencyChart([slice(10, empty)], NOW), null);
  assert.equal(successChart([slice(400)], NOW), null);
  assert.equal(joinsChart({ ok: 0, failed: 0, steps: {} }), null);
  assert.equal(replicationChart({ of: 3, held_by: [0, 0, 0, 0], under: 0 }), null);
  assert.equal(bucketsChart([]), null);
});

test("parts add up to a bar, and the largest is named", () => {
  const parts = { network: 60, retry: 30, own: 10 };
  const found = segments(parts, 100);
  assert.deepEqual(found.map(({ part }) => part), ["network", "retry", "own"]);
  assert.ok(Math.abs(found.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  assert.equal(mostOf(parts, 100), "Most of the time, 60%, went to: network.");
  assert.deepEqual(segments({}, 0), []);
  assert.equal(mostOf({}, 0), "");
  assert.deepEqual(added([{ network: 1 }, { network: 2, disk: 3 }]), { network: 3, disk: 3 });
});

test("a trace is told in the order of time, with the nodes that were silent", () => {
  const attempt = (at_ms, outcome) => ({ at_ms, peer: "p", method: "direct", outcome, elapsed_ms: 5, parts: { network: 5 } });
  const nodes = [
    { id: "a", outcome: "ok", attempts: [attempt(30, "ok")] },
    { id: "b", outcome: "ok", attempts: [attempt(10, "timeout")] },
    { id: "c", outcome: "timeout", attempts: [] },
  ];
  const told = traceOf({ nodes, records: [] });
  assert.deepEqual(told.attempts.map(({ node }) => node), ["b", "a"]);
  assert.deepEqual(told.silent.map(({ id }) => id), ["c"]);
  assert.equal(told.whole_ms, 10);
  assert.match(told.most, /network/);
});

test("a node that answers that it does not hold a message is not called silent, nor one that tells nothing", () => {
  const node = (id, outcome) => ({ id, outcome, attempts: [] });
  const told = traceOf({ nodes: [node("a", "ok"), node("b", "missing"), node("c", "timeout"), node("d", "rate_limited"), node("e", "missing")], records: [] });
  assert.deepEqual(apartWords(told, String), [
    "One node did not answer, so there may be more tries: c.",
    "2 nodes answered that they don't hold it: b, e.",
    "One node did not tell what it tried, so there may be more tries: d (rate_limited).",
  ]);
  assert.deepEqual(apartWords(traceOf({ nodes: [node("a", "ok")], records: [] }), String), []);
});

test("whoever took no lease may have refused it: nobody is said to be silent", () => {
  const step = { attempt: 1, step: "subscribe", began_ms: 0, elapsed_ms: 5, outcome: "NO_PLACE", asked: ["a", "b"], answered: [] };
  const told = (answered) => joinCells({ elapsed_ms: 5, steps: [{ ...step, answered }] }, String)[0].cells[4];
  assert.deepEqual([[], ["a"], ["a", "b"]].map(told), ["0 of 2 agreed; not: a, b", "1 of 2 agreed; not: b", "2 of 2 agreed"]);
});

test("a join is told step by step, with those who did not answer", () => {
  const step = (name, began_ms, elapsed_ms, outcome, answered) => ({ attempt: 1, step: name, began_ms, elapsed_ms, outcome, asked: ["a", "b"], answered });
  const join = { outcome: "delayed", code: "TIMEOUT", attempts: 2, elapsed_ms: 1000, at_ms: NOW, node: "n", steps: [{ ...step("find", 0, 250, "ok", ["a", "b"]), parts: { lookup: 200, own: 50 } }, step("inbound", 250, null, "running", []), step("later", 500, 500, "TIMEOUT", ["a"])] };
  assert.match(joinTitle(join), /^still trying · 1 s · 2 tries · .* · TIMEOUT$/);
  const rows = joinCells(join, (id) => id.toUpperCase());
  const lies = rows.map(({ pieces }) => pieces.map(({ part, from, share }) => [part, from, share]));
  assert.deepEqual(lies, [[["lookup", 0, 0.2], ["own", 0.2, 0.05]], [["own", 0.25, 0.75]], [["own", 0.5, 0.5]]]);
  assert.deepEqual(rows[0].pieces.map(({ text }) => text), ["lookup 200 ms", "own work 50 ms"]);
  assert.deepEqual(rows.map(({ cells }) => cells[4]), ["2 of 2 answered", "0 of 2 answered; not: A, B", "1 of 2 answered; not: B"]);
  assert.deepEqual(rows.map(({ cells }) => cells[0]), ["find the channel", "messages arrive", "later"]);
  assert.deepEqual(rows.map(({ cells }) => cells[1]), [null, null, null], "what is drawn there is not drawn over");
  assert.equal(rows[2].cells[3].kind, "is-troubled");
  assert.equal(rows[2].cells[3].note, "");
  const error = { code: "TIMEOUT", message: "It took too long", remedy: "Try again in a minute." };
  const advised = joinCells({ ...join, steps: [{ ...join.steps[2], error }, { ...join.steps[0], error: null }] }, String);
  assert.equal(advised[0].cells[3].note, "It took too long. Try again in a minute.");
  assert.equal(advised[1].cells[3], "ok");
});

test("joins that hang come first and are all shown, then the newest", () => {
  const joins = (count, hanging) => Array.from({ length: count }, (_, at) => ({ at_ms: at, outcome: hanging.includes(at) ? "delayed" : "ok" }));
  const shown = (...about) => joinsShown(joins(...about)).map(({ at_ms }) => at_ms);
  assert.deepEqual(shown(9, [0, 2]), [2, 0, 8, 7, 6, 5]);
  assert.deepEqual(shown(9, [0, 1, 2, 3, 4, 5, 6]), [6, 5, 4, 3, 2, 1, 0]);
  assert.deepEqual(shown(2, []), [1, 0]);
});

test("the doctor's steps differ by word and picture, and the worst decides", () => {
  const step = (result, name = "clock") => ({ name, subject: "", result, elapsed_ms: 3, sentence: "So it is.", code: "", remedy: "" });
  const all = ["ok", "warning", "failed", "skipped"].map((result) => stepTold(step(result)));
  for (const part of ["result", "icon", "state"]) assert.equal(new Set(all.map((each) => each[part])).size, 4);
  assert.equal(stepTold({ ...step("ok", "bootstrap"), subject: "10.0.0.1:8468" }).name, "Start from: 10.0.0.1:8468");
  assert.equal(stepTold(step("ok", "from a later version")).name, "from a later version");
  const unasked = { ...step("skipped"), says: ["channel.unnamed"] };
  const unseen = { ...step("skipped"), says: ["clock.nobody"] };
  assert.equal(examinedWords([step("ok"), unasked]), "All is well.");
  assert.equal(examinedWords([step("ok"), unasked, unseen]), "Nothing failed; one step could not be looked at.");
  assert.equal(examinedWords([step("ok"), unseen, step("skipped")]), "Nothing failed; 2 steps could not be looked at.");
  assert.equal(examinedWords([step("warning"), unseen]), "It works; one step needs a look. One could not be looked at.");
  assert.match(examinedWords([step("ok"), step("warning")]), /one step needs a look/);
  assert.match(examinedWords([step("warning"), step("failed"), step("failed")]), /2 steps failed/);
});

test("numbers as people read them", () => {
  assert.deepEqual([0.42, 12.3, 1234, 90_000, 7_200_000, 864e6, null].map(time), ["0.4 ms", "12 ms", "1.2 s", "2 min", "2 h", "10 d", NOTHING]);
  assert.deepEqual([0, 812, 3400, 12_000_000].map(bytes), ["0 B", "812 B", "3.4 KB", "12 MB"]);
  assert.deepEqual([percent(9999, 10_000), percent(5, 5), percent(0, 0)], ["99.9%", "100%", NOTHING]);
  assert.deepEqual([ago(200), ago(12_000), ago(null)], ["just now", "12 s ago", "never"]);
});

test("the parts of a time are words as well, in a table", () => {
  assert.equal(partWords({ queue: 2, network: 40, disk: 0, own: 0.1 }), "network 40 ms, queue 2 ms");
  assert.equal(partWords({}), "");
  assert.equal(mainly({ queue: 20, network: 80 }), "mostly network (80%)");
  assert.equal(mainly({}), "");
});

test("how sure the time of a try is", () => {
  const attempt = { at_ms: 5, peer: "b2", outcome: "ok", parts: {}, doubtful: false };
  const nodes = [
    { id: "a1", outcome: "ok", uncertain_ms: 0, attempts: [attempt] },
    { id: "b2", outcome: "ok", uncertain_ms: 40, attempts: [{ ...attempt, at_ms: 9, doubtful: true }] },
  ];
  const { attempts, unsure } = traceOf({ nodes, records: [] });
  assert.deepEqual(attempts.map(certainty), ["", "± 40 ms, order unsure"]);
  assert.equal(unsure, true);
  assert.equal(traceOf({ nodes: nodes.slice(0, 1), records: [] }).unsure, false);
});

test("the channel of a trace may be typed without its #", () => {
  assert.deepEqual(["lobby", " #lobby ", "", " "].map(channelTyped), ["#lobby", "#lobby", "", ""]);
});
