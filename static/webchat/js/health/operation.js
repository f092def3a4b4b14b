/**
 * The report on an operation that is about no message (a join, renewal, repair, recovery, hand-off) as the page
 * tells it: what became of it, each try, and each way to each node, those that failed with what is known of them.
 */

import { atTime, count, NOTHING, time } from "./format.js";
import { hasWords, say } from "./strings.js";

const TONES = { ok: "well", running: "open", given_up: "open" };

/** Whether what was recorded under this name was done for a message, whose trace tells more. */
export const isOfMessage = (operation) => ["accept", "publish", "attempt"].includes(operation.split(".")[0]);

/** What became of it in a sentence, and whether that is well. */
export function operationOutcome({ operation, subject, outcome, attempts, paths }, nameOf) {
  const about = /^[0-9a-f]{40}$/.test(subject) ? nameOf(subject) : subject;
  const silent = paths.filter(({ reached }) => !reached).length;
  const words = [
    say("report.of", { operation, about }),
    say(`report.is.${outcome}`, { n: attempts.length }),
    ...(paths.length && outcome !== "ok" ? [say("report.silent", { n: paths.length, k: count(silent) })] : []),
  ];
  return { text: words.join(" "), tone: TONES[outcome] ?? "failed" };
}

/** A row for each try: which, when, how far it came, with what outcome, how long. */
export const attemptRows = ({ attempts }) =>
  attempts.map(({ number, at_ms, step, outcome, elapsed_ms }) => ({
    key: number,
    cells: [count(number), atTime(at_ms), stepWords(step), outcomeCell(outcome), time(elapsed_ms)],
  }));

/** A row for each way to each node, in order: when, to whom, for what, which way, with what outcome, how long. */
export function wayRows({ paths }, nameOf) {
  const ways = paths.flatMap(({ peer, reached, ways }) => ways.map((way) => ({ ...way, peer, reached })));
  ways.sort((a, b) => a.at_ms - b.at_ms);
  return ways.map(({ at_ms, peer, reached, operation, method, outcome, elapsed_ms }, at) => ({
    key: at,
    cells: [atTime(at_ms), nameOf(peer), operation, method, outcomeCell(outcome, reached ? say("report.otherwise") : ""), time(elapsed_ms)],
  }));
}

const outcomeCell = (outcome, note = "") => (outcome === "ok" ? outcome : { text: outcome, kind: "is-troubled", note });

const stepWords = (step) => (step ? (hasWords(`step.${step}`) ? say(`step.${step}`) : step) : NOTHING);
