/**
 * The plots of a channel: what is drawn, and the same as a table for those who can't or won't look at it.
 *
 * Each function gives `{spec(width), head, rows, summary}`, or null when there is nothing to show.
 */

import { atTime, count, percent, time } from "./format.js";
import { columnPlot, rowPlot } from "./plot/bars.js";
import { linePlot } from "./plot/lines.js";
import { say } from "./strings.js";

/** The times that a plot may be of: how long a slice is, and how many there are. */
const WINDOWS = { "5m": [10_000, 30], "1h": [60_000, 60], "24h": [1_800_000, 48] };
export const WINDOW_MS = lengthOf("5m");
const PERCENTILES = ["p50", "p95", "p99"];
export const JOIN_STEPS = ["node", "find", "subscribe", "inbound", "outbound", "history"];

/** Latency percentiles of a span. */
export function latencyChart(series, now_ms, span = "5m") {
  const slices = recent(series, now_ms, span);
  if (!slices.some((each) => each.p50_ms !== null)) return null;
  const axis = { x: say("axis.time"), formatX: (at) => before(at, now_ms, span), formatY: time };
  const lines = PERCENTILES.map((key) => ({ key, label: key, points: spaced(slices, now_ms, span).map(({ at, slice }) => ({ at, value: slice?.[`${key}_ms`] ?? null })) }));
  const worst = Math.max(...slices.map((each) => each.p95_ms ?? 0));
  return {
    spec: (width) => linePlot({ series: lines, from: now_ms - lengthOf(span), to: now_ms, width, height: 210, axis }),
    head: [say("axis.clock"), ...PERCENTILES],
    rows: slices.map((each) => [atTime(each.at_ms), ...PERCENTILES.map((key) => time(each[`${key}_ms`]))]),
    summary: say("chart.latency", { slice: time(WINDOWS[span][0]), worst: time(worst) }),
    legend: PERCENTILES.map((key) => ({ key, text: say(`legend.${key}`) })),
  };
}

/** Pushes that were acknowledged and those that were not, of a span. */
export function successChart(series, now_ms, span = "5m") {
  const slices = recent(series, now_ms, span);
  if (!slices.some((each) => each.attempted)) return null;
  const all = spaced(slices, now_ms, span);
  const columns = all.map(({ at, slice }, index) => ({
    label: before(at, now_ms, span),
    anchor: index === 0 ? "start" : index === all.length - 1 ? "end" : "middle",
    parts: [
      { key: "acked", value: slice?.acked ?? 0 },
      { key: "failed", value: slice?.failed ?? 0 },
    ],
  }));
  const [acked, attempted] = [total(slices, "acked"), total(slices, "attempted")];
  const last = all.length - 1;
  const marked = (width) => (width < 420 ? [0, last] : [0, 0.4, 0.6, 0.8, 1].map((share) => Math.round(share * last)));
  return {
    spec: (width) =>
      columnPlot({ columns, width, height: 210, axis: { x: say("axis.slices", { slice: time(WINDOWS[span][0]) }), formatY: count }, labelled: (at) => marked(width).includes(at) }),
    head: [say("axis.clock"), say("push.acked"), say("push.failed"), say("push.retried")],
    rows: slices.map((each) => [atTime(each.at_ms), count(each.acked), count(each.failed), count(each.retried)]),
    summary: say("chart.success", { share: percent(acked, attempted), n: count(attempted) }),
    legend: ["acked", "failed"].map((key) => ({ key, text: say(`legend.${key}`) })),
  };
}

/** Median and 95th percentile of each step of joining. */
export function joinsChart(joins) {
  const steps = JOIN_STEPS.filter((step) => joins.steps[step]?.count);
  if (!steps.length) return null;
  const rows = steps.map((step) => {
    const { p50_ms, p95_ms } = joins.steps[step];
    return { label: say(`step.${step}`), note: time(p50_ms), value: p50_ms, upto: p95_ms };
  });
  return {
    spec: (width) => rowPlot({ rows, width, axis: { x: say("axis.join"), formatX: time } }),
    head: [say("join.step"), say("join.count"), "p50", "p95", say("push.failed")],
    rows: steps.map((step) => {
      const { count: n, p50_ms, p95_ms, failed } = joins.steps[step];
      return [say(`step.${step}`), count(n), time(p50_ms), time(p95_ms), count(failed)];
    }),
    summary: say("chart.joins", { n: joins.ok, failed: count(joins.failed) }),
    legend: [{ key: "step", text: say("legend.joins") }],
  };
}

/** How many messages so many initiators hold. */
export function replicationChart({ of, held_by, under }) {
  if (!held_by.some((n) => n)) return null;
  const columns = held_by.map((value, holders) => ({
    label: count(holders),
    parts: [{ key: holders < of ? "under" : "acked", value }],
  }));
  return {
    spec: (width) => columnPlot({ columns, width, height: 190, axis: { x: say("axis.holders"), formatY: count } }),
    head: [say("axis.holders"), say("axis.messages")],
    rows: held_by.map((value, holders) => [count(holders), count(value)]),
    summary: under ? say("chart.under", { n: under, of: count(of) }) : say("chart.kept", { n: of }),
    legend: ["whole", "under"].map((key) => ({ key: key === "whole" ? "acked" : key, text: say(`legend.${key}`) })),
  };
}

/** Peers by the size of their bucket: how far away they are. */
export function bucketsChart(buckets) {
  if (!buckets.length) return null;
  const sized = [...buckets].sort((a, b) => b.bits - a.bits);
  const columns = sized.map(({ bits, peers, waiting }) => ({
    label: count(bits),
    parts: [
      { key: "acked", value: peers },
      { key: "waiting", value: waiting },
    ],
  }));
  const every = Math.ceil(sized.length / 10);
  return {
    spec: (width) => columnPlot({ columns, width, height: 190, axis: { x: say("axis.buckets"), formatY: count }, labelled: (at) => at % every === 0 }),
    head: [say("axis.buckets"), say("bucket.peers"), say("bucket.waiting")],
    rows: sized.map(({ bits, peers, waiting }) => [count(bits), count(peers), count(waiting)]),
    summary: say("chart.buckets", { n: buckets.length }),
    legend: [
      { key: "acked", text: say("bucket.peers") },
      { key: "waiting", text: say("bucket.waiting") },
    ],
  };
}

const recent = (series, now_ms, span) => series.filter((each) => each.at_ms > now_ms - lengthOf(span));

const total = (slices, name) => slices.reduce((all, each) => all + each[name], 0);

/** Every slice of the span, also those in which nothing happened. */
function spaced(slices, now_ms, span) {
  const [slice_ms, length] = WINDOWS[span];
  const found = new Map(slices.map((slice) => [Math.floor(slice.at_ms / slice_ms), slice]));
  const last = Math.floor(now_ms / slice_ms);
  return Array.from({ length }, (_, index) => {
    const number = last - length + 1 + index;
    return { at: Math.max(now_ms - lengthOf(span), number * slice_ms), slice: found.get(number) };
  });
}

function lengthOf(span) {
  const [slice_ms, length] = WINDOWS[span];
  return slice_ms * length;
}

function before(at, now_ms, span) {
  const [slice_ms] = WINDOWS[span];
  const ms = now_ms - at;
  return ms < 1.2 * slice_ms ? say("axis.now") : `−${time(Math.round(ms / slice_ms) * slice_ms)}`;
}
