/** A trace as the page tells it: the tries of all nodes in one order, and where the time of all of them went. */

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

/** How many were to get a message, how many have it, and how many of these only after tries in vain. */
export function countsOf(nodes) {
  const peers = new Map();
  for (const { peer, outcome } of nodes.flatMap(({ attempts }) => attempts)) {
    const known = peers.get(peer) ?? { reached: false, failed: false };
    known[outcome === "ok" ? "reached" : "failed"] = true;
    peers.set(peer, known);
  }
  const all = [...peers.values()];
  const counts = { total: all.length, reached: all.filter(({ reached }) => reached).length, failed: all.filter(({ reached, failed }) => reached && failed).length };
  const { total, reached, failed } = counts;
  const outcome = !total ? "untried" : !reached ? "unreached" : reached < total ? "partly" : failed ? "detour" : "reached";
  return { outcome, ...counts };
}

/** What became of a message, in a sentence, and whether that is well. */
export function outcomeOf({ outcome, total, reached, failed }) {
  const text = say(`trace.is.${outcome}`, { n: total, reached: count(reached), failed: count(failed) });
  return { text, tone: { reached: "well", detour: "well", untried: "open" }[outcome] ?? "failed" };
}
