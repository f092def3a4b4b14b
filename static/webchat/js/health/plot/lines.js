/**
 * A plot of lines over time, as a description of SVG (`{tag, attributes, children}`); `../view/svg.js` makes it real.
 *
 * Where there is no value the line is broken; a value between two breaks is a dot. Lines differ by dashes and by
 * the names at their ends as well as by colour.
 */

import { px, scale, ticks } from "./scale.js";

const LEFT = 52;
const TOP = 10;
const BOTTOM = 38;
const LABEL_PX = 15;

/** `series`: `[{key, label, points: [{at, value}]}]`; `from`, `to` in ms; `axis`: `{x, y, formatX, formatY}`. */
export function linePlot({ series, from, to, width, height, axis }) {
  const right = width < 420 ? 34 : 44;
  const values = series.flatMap(({ points }) => points.map(({ value }) => value).filter((value) => value !== null));
  const marks = ticks(Math.max(0, ...values), height < 160 ? 3 : 4);
  const x = scale(from, to, LEFT, width - right);
  const y = scale(0, marks.at(-1), height - BOTTOM, TOP);
  const grid = marks.flatMap((mark) => [
    rule(LEFT, width - right, y(mark)),
    text(LEFT - 8, y(mark) + 4, axis.formatY(mark), "end"),
  ]);
  const count = width < 420 ? 2 : 5;
  const times = Array.from({ length: count + 1 }, (_, at) => from + ((to - from) * at) / count);
  const below = times.map((at, index) =>
    text(x(at), height - BOTTOM + 18, axis.formatX(at), index === count ? "end" : "middle"),
  );
  const names = spread(series.map((each) => ({ ...each, last: lastOf(each.points) })).filter(({ last }) => last), y);
  return frame(width, height, [
    ...grid,
    ...below,
    { tag: "text", attributes: { class: "plot-axis", x: px(LEFT), y: px(height - 4) }, text: axis.x },
    ...series.flatMap(({ key, points }) => lineOf(key, points, x, y)),
    ...names.map(({ key, label, at }) => ({ tag: "text", attributes: { class: `plot-name is-${key}`, x: px(width - right + 6), y: px(at + 4) }, text: label })),
  ]);
}

/** What every plot is in. */
export const frame = (width, height, children) => ({
  tag: "svg",
  attributes: { class: "plot-svg", viewBox: `0 0 ${px(width)} ${px(height)}`, width: px(width), height: px(height), "aria-hidden": "true" },
  children,
});

export const rule = (from, to, y) => ({ tag: "line", attributes: { class: "plot-rule", x1: px(from), x2: px(to), y1: px(y), y2: px(y) } });

export const text = (x, y, words, anchor) => ({
  tag: "text",
  attributes: { class: "plot-mark", x: px(x), y: px(y), "text-anchor": anchor },
  text: words,
});

function lineOf(key, points, x, y) {
  const drawn = [];
  for (const run of runs(points)) {
    if (run.length === 1) drawn.push({ tag: "circle", attributes: { class: `plot-dot is-${key}`, cx: px(x(run[0].at)), cy: px(y(run[0].value)), r: "2.5" } });
    else {
      const path = run.map(({ at, value }, index) => `${index ? "L" : "M"}${px(x(at))} ${px(y(value))}`).join("");
      drawn.push({ tag: "path", attributes: { class: `plot-line is-${key}`, d: path } });
    }
  }
  return drawn;
}

/** The stretches of points that have values. */
export function runs(points) {
  const found = [];
  let open = null;
  for (const point of points) {
    if (point.value === null) open = null;
    else if (open) open.push(point);
    else found.push((open = [point]));
  }
  return found;
}

const lastOf = (points) => points.findLast(({ value }) => value !== null) ?? null;

/** Names beside the ends of their lines, moved apart so that none lies on another. */
function spread(series, y) {
  const placed = series.map((each) => ({ ...each, at: y(each.last.value) })).sort((a, b) => b.at - a.at);
  placed.forEach((each, index) => {
    if (index) each.at = Math.min(each.at, placed[index - 1].at - LABEL_PX);
  });
  return placed;
}
