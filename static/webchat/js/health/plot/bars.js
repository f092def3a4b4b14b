/** Plots of bars, upright and lying, as a description of SVG; see `lines.js`. */

import { frame, rule, text } from "./lines.js";
import { px, scale, ticks } from "./scale.js";

const LEFT = 52;
const TOP = 10;
const BOTTOM = 38;
const BAR_MAX_PX = 56;
const ROW_PX = 34;
const LETTER_PX = 6.6;

/** `columns`: `[{label, parts: [{key, value}]}]`; `axis`: `{x, formatY}`; `labelled`: which labels are written. */
export function columnPlot({ columns, width, height, axis, labelled = () => true, leastTop = 1 }) {
  const right = 12;
  const sums = columns.map(({ parts }) => parts.reduce((all, { value }) => all + value, 0));
  const marks = ticks(Math.max(leastTop, ...sums), height < 160 ? 3 : 4, true);
  const y = scale(0, marks.at(-1), height - BOTTOM, TOP);
  const step = (width - LEFT - right) / Math.max(1, columns.length);
  const thick = Math.min(BAR_MAX_PX, Math.max(1.5, step * 0.72));
  const drawn = marks.flatMap((mark) => [
    rule(LEFT, width - right, y(mark)),
    text(LEFT - 8, y(mark) + 4, axis.formatY(mark), "end"),
  ]);
  columns.forEach(({ label, parts, anchor = "middle" }, index) => {
    const middle = LEFT + step * (index + 0.5);
    let from = 0;
    for (const { key, value } of parts) {
      if (value > 0) drawn.push(bar(key, middle - thick / 2, y(from + value), thick, y(from) - y(from + value)));
      from += value;
    }
    if (labelled(index)) drawn.push(text(anchor === "start" ? middle - thick / 2 : anchor === "end" ? middle + thick / 2 : middle, height - BOTTOM + 18, label, anchor));
  });
  drawn.push({ tag: "text", attributes: { class: "plot-axis", x: px(LEFT), y: px(height - 4) }, text: axis.x });
  return frame(width, height, drawn);
}

/** `rows`: `[{label, note, value, upto}]`: a bar to `value` and a thin line on to `upto`. */
export function rowPlot({ rows, width, axis }) {
  const right = 76;
  const height = TOP + rows.length * ROW_PX + BOTTOM;
  const left = Math.min(width * 0.45, LETTER_PX * Math.max(...rows.map(({ label }) => label.length)) + 14);
  const marks = ticks(Math.max(1, ...rows.map(({ value, upto }) => Math.max(value ?? 0, upto ?? 0))), width < 420 ? 2 : 4);
  const x = scale(0, marks.at(-1), left, width - right);
  const drawn = marks.flatMap((mark) => [
    { tag: "line", attributes: { class: "plot-rule", x1: px(x(mark)), x2: px(x(mark)), y1: px(TOP), y2: px(height - BOTTOM) } },
    text(x(mark), height - BOTTOM + 18, axis.formatX(mark), "middle"),
  ]);
  rows.forEach(({ label, note, value, upto }, index) => {
    const middle = TOP + ROW_PX * (index + 0.5);
    drawn.push(text(left - 10, middle + 4, label, "end"));
    if (value) drawn.push(bar("step", left, middle - 7, Math.max(1.5, x(value) - left), 14));
    if (upto) {
      const attributes = { class: "plot-whisker", d: `M${px(x(value ?? 0))} ${px(middle)}H${px(x(upto))}M${px(x(upto))} ${px(middle - 5)}V${px(middle + 5)}` };
      drawn.push({ tag: "path", attributes });
    }
    drawn.push(text(x(Math.max(value ?? 0, upto ?? 0)) + 8, middle + 4, note, "start"));
  });
  drawn.push({ tag: "text", attributes: { class: "plot-axis", x: px(left), y: px(height - 4) }, text: axis.x });
  return frame(width, height, drawn);
}

const bar = (key, x, y, width, height) => ({
  tag: "rect",
  attributes: { class: `plot-bar is-${key}`, x: px(x), y: px(y), width: px(width), height: px(height), rx: "1.5" },
});
