/** A trace as the page tells it: what became of the message, the tries of all nodes in one order, where their time went. */

import { fateOf } from "./failures.js";
import { count, time } from "./format.js";
import { added, mostOf } from "./parts.js";
import { say } from "./strings.js";

export const ATTEMPTS_MAX = 500;

/** The channel that somebody typed, who may leave the `#` out, as when joining; empty for nothing. */
export function channelTyped(text) {
  const bare = text.trim();
  return !bare || bare.startsWith("#") ? bare : `#${bare}`;
}

/**
 * `{attempts, left, silent, lacking, untold, unsure, parts, whole_ms, most}`. Of the nodes, `silent` did not answer,
 * `lacking` answered that they don't hold it, `untold` answered with no tries; `unsure`: whether times are.
 */
export function traceOf({ nodes, records }) {
  const all = nodes
    .flatMap(({ id, uncertain_ms = 0, attempts }) => attempts.map((attempt) => ({ ...attempt, uncertain_ms, node: id })))
    .sort((a, b) => a.at_ms - b.at_ms);
  const parts = added([...all.map((each) => each.parts), ...(all.length ? [] : records.map((each) => each.parts))]);
  const whole_ms = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
  return {
    attempts: all.slice(0, ATTEMPTS_MAX),
    left: Math.max(0, all.length - ATTEMPTS_MAX),
    silent: nodes.filter(({ outcome }) => outcome === "timeout"),
    lacking: nodes.filter(({ outcome }) => outcome === "missing"),
    untold: nodes.filter(({ outcome }) => !["ok", "timeout", "missing"].includes(outcome)),
    unsure: all.some(({ uncertain_ms, doubtful }) => uncertain_ms > 0 || doubtful),
    parts,
    whole_ms,
    most: mostOf(parts, whole_ms),
  };
}

/** A sentence for each reason why nodes told of no tries. */
export const apartWords = ({ silent, lacking, untold }, nameOf) =>
  Object.entries({ silent, lacking, untold })
    .filter(([, nodes]) => nodes.length)
    .map(([key, nodes]) => {
      const names = nodes.map(({ id, outcome }) => (key === "untold" ? `${nameOf(id)} (${outcome})` : nameOf(id)));
      return say(`trace.${key}`, { n: nodes.length, names: names.join(", ") });
    });

/** How sure the time of a try is, in words; nothing for one that its node tells by the clock of the asked one. */
export function certainty({ uncertain_ms = 0, doubtful = false }) {
  const parts = uncertain_ms > 0 ? [say("trace.uncertain", { time: time(uncertain_ms) })] : [];
  return (doubtful ? [...parts, say("trace.doubtful")] : parts).join(", ");
}

/**
 * What became of a message, in the engine's words, whether that is well, and what nobody knows of it (`caveat`). The tone
 * is `failed` only for what is known to have failed, `well` only for what is known of all for whom a try is on record.
 */
export function outcomeOf({ report, nodes, records }) {
  const { outcome, total, reached, failed, silent, paths } = report;
  const lost = paths.filter((path) => !path.reached).map(({ peer }) => fateOf(peer, nodes));
  const [unknown, holding] = ["unknown", "holds"].map((fate) => lost.filter((each) => each === fate).length);
  const given_up = reached ? "" : givenUp(records);
  const words = [say(`trace.is.${outcome}`, { n: total, reached: count(reached), failed: count(failed) }), ...(given_up ? [say("trace.given_up", { code: given_up })] : [])];
  const caveats = [...(holding ? [say("trace.holding", { n: holding })] : []), ...(unknown ? [say("trace.unknown", { n: unknown })] : [])];
  const tone = lost.includes("lacks") || (given_up && !holding) ? "failed" : unknown || silent || !total ? "open" : "well";
  return { text: words.join(" "), tone, caveat: caveats.join(" ") };
}

/** Why the author's node gave a message up, by its last word on it; nothing if it did not, or others were asked alone. */
function givenUp(records) {
  const last = records.findLast(({ operation }) => operation === "publish");
  return !last || ["ok", "cancelled", "left"].includes(last.outcome) ? "" : last.outcome;
}
