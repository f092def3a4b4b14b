/** Axes: round numbers for their marks, and places of values on them. */

const ROUND = [1, 2, 5, 10];

/** Marks from 0 to at least `max` at round numbers, about `wanted` of them. */
export function ticks(max, wanted = 4, whole = false) {
  const top = max > 0 && Number.isFinite(max) ? max : 1;
  const rough = top / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = power * ROUND.find((each) => each * power >= rough - 1e-9 * power);
  if (whole) step = Math.max(1, Math.ceil(step));
  const steps = Math.ceil(top / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

/** A function from `[from, to]` to `[start, end]`; a span of nothing lies at its start. */
export function scale(from, to, start, end) {
  const span = to - from;
  return (value) => (span ? start + ((value - from) / span) * (end - start) : start);
}

/** A number for a path: two digits behind the point are finer than any screen. */
export const px = (number) => String(Math.round(number * 100) / 100);
