/**
 * The plots of a channel: what is drawn, and the same as a table for those who can't or won't look at it.
 *
 * Each function gives `{spec(width), head, rows, summary}`, or null when there is nothing to show.
 */

import { atTime, count, percent, time } from "./format.js";
import { columnPlot, rowPlot } from "./plot/bars.js";
import { linePlot } from "./plot/lines.js";
import { say } from "./strings.js";

export const WINDOW_MS = 300_000;
const SLICE_MS = 10_000;
const PERCENTILES = ["p50", "p95", "p99"];
export const JOIN_STEPS = ["node", "find", "subscribe", "inbound", "outbound", "history"];

/** Latency percentiles of the last five minutes. */
export function latencyChart(series, now_ms) {
  const slices = recent(series, now_ms);
  if (!slices.some((each) => each.p50_ms !== null)) return null;
  const axis = { x: say("axis.time"), formatX: (at) => before(at, now_ms), formatY: time };
  const lines = PERCENTILES.map((key) => ({ key, label: key, points: spaced(slices, now_ms).map(({ at, slice }) => ({ at, value: slice?.[`${key}_ms`] ?? null })) }));
  const worst = Math.max(...slices.map((each) => each.p95_ms ?? 0));
  return {
    spec: (width) => linePlot({ series: lines, from: now_ms - WINDOW_MS, to: now_ms, width, height: 210, axis }),
    head: [say("axis.clock"), ...PERCENTILES],
    rows: slices.map((each) => [atTime(each.at_ms), ...PERCENTILES.map((key) => time(each[`${key}_ms`]))]),
    summary: say("chart.latency", { worst: time(worst) }),
    legend: PERCENTILES.map((key) => ({ key, text: say(`legend.${key}`) })),
  };
}

/** Pushes that were acknowledged and those that were not, of the last five minutes. */
export function successChart(series, now_ms) {
  const slices = recent(series, now_ms);
  if (!slices.some((each) => each.attempted)) return null;
  const all = spaced(slices, now_ms);
  const columns = all.map(({ at, slice }, index) => ({
    label: before(at, now_ms),
    anchor: index === 0 ? "start" : index === all.length - 1 ? "end" : "middle",
    parts: [
      { key: "acked", value: slice?.acked ?? 0 },
      { key: "failed", value: slice?.failed ?? 0 },
    ],
  }));
  const [acked, attempted] = [total(slices, "acked"), total(slices, "attempted")];
  const marked = (width) => (width < 420 ? [0, 29] : [0, 11, 17, 23, 29]);
  return {
    spec: (width) =>
      columnPlot({ columns, width, height: 210, axis: { x: say("axis.slices"), formatY: count }, labelled: (at) => marked(width).includes(at) }),
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

const recent = (series, now_ms) => series.filter((each) => each.at_ms > now_ms - WINDOW_MS);

const total = (slices, name) => slices.reduce((all, each) => all + each[name], 0);

/** Every slice of the window, also those in which nothing happened. */
function spaced(slices, now_ms) {
  const found = new Map(slices.map((slice) => [Math.floor(slice.at_ms / SLICE_MS), slice]));
  const last = Math.floor(now_ms / SLICE_MS);
  return Array.from({ length: 30 }, (_, index) => {
    const number = last - 29 + index;
    return { at: Math.max(now_ms - WINDOW_MS, number * SLICE_MS), slice: found.get(number) };
  });
}

const before = (at, now_ms) => {
  const s = Math.round((now_ms - at) / 1000);
  return s < 12 ? say("axis.now") : `−${time(Math.round(s / 10) * 10_000)}`;
};
