/** What the plots of pushes are of: the last five minutes as they come, an hour or a day when somebody wants them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { latencyChart, successChart } from "../../static/webchat/js/health/charts.js";
import { PushHistory, REFRESH_MS } from "../../static/webchat/js/health/history.js";
import { PlotView } from "../../static/webchat/js/health/view/plot.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock, settle } from "./fakes.mjs";
import { NOW } from "./healthdouble.mjs";

const DETAIL = { series: ["now"] };
const NOBODY = { message: "Nobody answers", remedy: "Wait." };
const MINUTE = 60_000;

function begin() {
  const clock = new FakeClock();
  const asked = [];
  const request = (frame) => new Promise((resolve, reject) => asked.push({ frame, resolve, reject }));
  const history = new PushHistory({ clock, request, changed: () => {} });
  history.follow("#lobby");
  return { clock, asked, history };
}

test("nothing is asked for the last five minutes, which come by themselves", () => {
  const { asked, history } = begin();
  assert.deepEqual(asked, []);
  assert.deepEqual(history.series(DETAIL), ["now"]);
});

test("an hour is asked for when it is chosen and again while it is, and until it comes nothing else is shown", async () => {
  const { clock, asked, history } = begin();
  history.choose("1h");
  assert.deepEqual(asked.map(({ frame }) => frame), [{ type: "history", channel: "#lobby" }]);
  assert.deepEqual(history.series(DETAIL), []);
  asked[0].resolve({ pushes: { "1h": ["hour"], "24h": ["day"] } });
  await settle();
  assert.deepEqual(history.series(DETAIL), ["hour"]);
  clock.pass(REFRESH_MS);
  assert.equal(asked.length, 2);
  asked[1].reject(NOBODY);
  await settle();
  assert.deepEqual(history.series(DETAIL), ["hour"], "what was known stays");
  assert.equal(history.missed, "Nobody answers. Wait.", "and is told to be old");
  clock.pass(REFRESH_MS);
  assert.equal(asked.length, 3);
});

test("that the nodes could not be asked is told until they can be, or something else is chosen", async () => {
  const { clock, asked, history } = begin();
  history.choose("1h");
  asked[0].reject(NOBODY);
  await settle();
  assert.deepEqual([history.series(DETAIL), history.missed], [[], "Nobody answers. Wait."]);
  clock.pass(REFRESH_MS);
  asked[1].resolve({ pushes: { "1h": [] } });
  await settle();
  assert.equal(history.missed, "", "now nothing is there because nothing was");
  clock.pass(REFRESH_MS);
  asked[2].reject(NOBODY);
  await settle();
  history.choose("5m");
  assert.equal(history.missed, "");
});

test("a plot that could not be asked for says so, and one of nothing that there was nothing", () => {
  globalThis.document = documentDouble("latency");
  globalThis.ResizeObserver = class {
    observe() {}
  };
  const box = document.getElementById("latency");
  const plot = new PlotView(box, "Nothing in this time.");
  plot.draw(null, "Could not be asked.");
  assert.equal(box.textContent, "Could not be asked.");
  plot.draw(null);
  assert.equal(box.textContent, "Nothing in this time.");
});

test("only the answer about what is chosen now counts", async () => {
  const { clock, asked, history } = begin();
  history.choose("24h");
  history.follow("#tea");
  asked[0].resolve({ pushes: { "24h": ["lobby"] } });
  await settle();
  assert.deepEqual(history.series(DETAIL), []);
  asked[1].resolve({ pushes: { "24h": ["tea"] } });
  await settle();
  assert.deepEqual(history.series(DETAIL), ["tea"]);
  history.choose("5m");
  clock.pass(3 * REFRESH_MS);
  assert.equal(asked.length, 2, "nobody wants it any more");
});

const slice = (minutes, changes = {}) => ({ at_ms: Math.floor((NOW - minutes * MINUTE) / MINUTE) * MINUTE, attempted: 4, acked: 3, failed: 1, retried: 0, p50_ms: 10, p95_ms: 20, p99_ms: 30, ...changes });

test("an hour has sixty slices and its own words, and what is older is not in it", () => {
  const series = [slice(70, { p95_ms: 9000 }), slice(50, { p95_ms: 700 }), slice(1)];
  assert.equal(latencyChart(series, NOW, "1h").summary, "In the worst 1 min, 95 of 100 pushes took at most 700 ms.");
  assert.equal(latencyChart(series, NOW, "1h").rows.length, 2);
  const { spec, summary } = successChart(series, NOW, "1h");
  assert.equal(summary, "75% of 8 pushes were acknowledged.");
  const drawn = JSON.stringify(spec(900));
  assert.match(drawn, /pushes in each 1 min/);
  assert.match(drawn, /−59 min/);
  assert.match(JSON.stringify(successChart([slice(600)], NOW, "24h").spec(900)), /pushes in each 30 min/);
  assert.equal(successChart(series.slice(0, 2), NOW), null, "nothing in the last five minutes");
});
