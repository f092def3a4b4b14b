/**
 * A join as the page tells it: a line; of one that hangs why, what to do, and where it fails; and a row for each step
 * of each attempt, with what to do about one that failed.
 */

import { operationFailures } from "./failures.js";
import { atTime, count, NOTHING, time } from "./format.js";
import { operationOutcome } from "./operation.js";
import { segments } from "./parts.js";
import { hasWords, say } from "./strings.js";

const FINE = new Set(["ok", "running"]);

const SHOWN = 6;

/** So many joins a node remembers, of all channels (`peernode/pubsub/joinlog.py`); a test compares. */
export const JOINS_MAX = 128;

/** All that hang, then the newest of the others. */
export function joinsShown(recent) {
  const newest = [...recent].sort((a, b) => b.at_ms - a.at_ms);
  const hanging = newest.filter(({ outcome }) => outcome === "delayed");
  const others = newest.filter(({ outcome }) => outcome !== "delayed");
  return [...hanging, ...others.slice(0, Math.max(0, SHOWN - hanging.length))];
}

/** How it ended, how long it took, after how many tries, when; and the code of the last failure. */
export function joinTitle({ outcome, code, elapsed_ms, attempts, at_ms }) {
  const told = hasWords(`join.is.${outcome}`) ? say(`join.is.${outcome}`) : outcome;
  const parts = [told, time(elapsed_ms), say("join.tries", { n: attempts }), atTime(at_ms)];
  return (outcome === "ok" || !code ? parts : [...parts, code]).join(" · ");
}

/** `{why, text, failures}` of a join that hangs, from its report; null of any other, or when its records are gone. */
export function joinReport({ report }, nameOf) {
  if (!report) return null;
  const { cause } = report;
  const why = cause ? `${cause.message}. ${cause.remedy} (${cause.code})` : "";
  return { why, text: operationOutcome(report, nameOf).text, failures: operationFailures(report, nameOf) };
}

/** `[{key, cells, pieces}]`; the pieces say where in the whole join a step lies, and where its time went. */
export function joinCells({ steps, elapsed_ms }, nameOf) {
  const whole = Math.max(elapsed_ms, ...steps.map((each) => each.began_ms + (each.elapsed_ms ?? 0)), 1);
  return steps.map((step, at) => ({
    key: at,
    pieces: pieces(step, whole),
    cells: [
      hasWords(`step.${step.step}`) ? say(`step.${step.step}`) : step.step,
      null, // the pieces are drawn there, and stay when the rest is drawn again
      time(step.elapsed_ms),
      FINE.has(step.outcome) ? step.outcome : { text: step.outcome, kind: "is-troubled", note: adviceOf(step) },
      answers(step, nameOf),
    ],
  }));
}

/** What the code of a step means and what to do; the server tells it of each code that is in the catalogue. */
const adviceOf = ({ error }) => (error ? `${error.message}. ${error.remedy}` : "");

function pieces({ began_ms, elapsed_ms, parts }, whole) {
  const took = elapsed_ms ?? whole - began_ms;
  const found = segments(parts ?? {}, took);
  const lie = ({ from, share, ...rest }) => ({ ...rest, from: (began_ms + from * took) / whole, share: (share * took) / whole });
  return (found.length ? found : [{ part: "own", from: 0, share: 1, text: "" }]).map(lie);
}

/** Who was asked to subscribe us may have answered with a no: `answered` names those who took the lease. */
function answers({ step, asked, answered }, nameOf) {
  if (!asked.length) return NOTHING;
  const told = say(step === "subscribe" ? "join.agreed" : "join.answered", { k: count(answered.length), of: count(asked.length) });
  const others = asked.filter((id) => !answered.includes(id)).map(nameOf);
  return others.length ? `${told}; ${say("join.others", { names: others.join(", ") })}` : told;
}
