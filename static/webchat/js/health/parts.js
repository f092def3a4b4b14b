/** Where the time of an operation went, as segments of a bar. */

import { percent, time } from "./format.js";
import { say } from "./strings.js";

export const PARTS = ["lookup", "network", "retry", "queue", "disk", "own"];

/** `[{part, from, share, text}]` of the parts that took any time, in one order; shares of `whole_ms`. */
export function segments(parts, whole_ms) {
  const total = Math.max(whole_ms, sum(parts));
  if (!(total > 0)) return [];
  let from = 0;
  return PARTS.filter((part) => parts[part] > 0).map((part) => {
    const share = parts[part] / total;
    const segment = { part, from, share, text: `${say(`part.${part}`)} ${time(parts[part])}` };
    from += share;
    return segment;
  });
}

/** The largest part in a sentence, or nothing when none was measured. */
export function mostOf(parts, whole_ms) {
  const [part, ms] = Object.entries(parts).sort(([, a], [, b]) => b - a)[0] ?? [];
  if (!part || !(ms > 0)) return "";
  return say("part.most", { part: say(`part.${part}`), share: percent(ms, Math.max(whole_ms, sum(parts))) });
}

/** The largest part in a few words, for a table: "mostly network (80%)"; nothing when none was measured. */
export function mainly(parts, whole_ms = 0) {
  const [part, ms] = Object.entries(parts).sort(([, a], [, b]) => b - a)[0] ?? [];
  if (!part || !(ms > 0)) return "";
  return say("part.mainly", { part: say(`part.${part}`), share: percent(ms, Math.max(whole_ms, sum(parts))) });
}

/** The parts that count, in words: "network 12 ms, queue 1 ms"; what is under a hundredth is for the bar alone. */
export const partWords = (parts) =>
  segments(parts, sum(parts))
    .filter(({ share }) => share >= 0.01)
    .map(({ text }) => text)
    .join(", ");

/** Several operations' parts as one. */
export function added(list) {
  const whole = {};
  for (const parts of list) for (const [part, ms] of Object.entries(parts)) whole[part] = (whole[part] ?? 0) + ms;
  return whole;
}

const sum = (parts) => Object.values(parts).reduce((all, ms) => all + ms, 0);
