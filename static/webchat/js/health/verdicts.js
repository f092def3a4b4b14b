/** The verdicts in words: of the host and of each channel, each in one sentence. */

import { count, time } from "./format.js";
import { say } from "./strings.js";

const ICONS = { healthy: "healthy", degraded: "impaired", down: "broken", unknown: "untested" };

/** `{state, word, icon}` of a verdict, also of none. */
export function stateOf(verdict) {
  const state = verdict?.state ?? "unknown";
  return { state, word: say(verdict?.cause === "looking" ? "state.looking" : `state.${state}`), icon: ICONS[state] };
}

/** Why the host is as it is. */
export function hostSentence(host) {
  const { cause, channels, troubled, seen = channels } = host.verdict;
  if (cause === "looking") return say("host.looking", { n: channels, k: count(seen) });
  if (cause === "channels") return say("host.channels", { n: troubled, of: count(channels) });
  if (cause === "node") return host.node.reason || say("host.node");
  if (cause) return say(`host.${cause}`);
  return channels ? say("host.well", { n: channels }) : say("host.idle");
}

/** What is wrong with the host and what to do, with its code; empty when the sentence says all there is to say. */
export function hostRemedy({ verdict: { error } }) {
  return error?.code ? `${error.message}. ${error.remedy} (${error.code})` : "";
}

/** A channel in one sentence: who answers, who is reached, how fast. */
export function channelSentence({ initiators, answering, unheard = 0, subscribers, reached, untested = 0, p95_ms, attempted }) {
  const parts = [say("verdict.initiators", { n: initiators, k: count(answering), of: count(initiators) })];
  if (unheard) parts.push(say("verdict.unheard", { n: unheard, k: count(unheard) }));
  if (subscribers) parts.push(say("verdict.subscribers", { n: subscribers, k: count(reached), of: count(subscribers) }));
  else parts.push(say("verdict.nobody"));
  if (untested) parts.push(say("verdict.untested", { n: untested, k: count(untested) }));
  parts.push(attempted ? say("verdict.p95", { time: time(p95_ms) }) : say("verdict.quiet"));
  return `${parts.join("; ")}.`;
}

/** The line of the list out of a channel's whole picture. */
export function briefOf({ channel, as_of_ms, verdict, initiators, subscribers, audience, pushes }) {
  const has = (...states) => subscribers.filter((each) => states.includes(each.reached)).length;
  return {
    channel,
    as_of_ms,
    verdict,
    initiators: initiators.length,
    answering: initiators.filter((each) => each.answers).length,
    unheard: initiators.filter((each) => each.unheard && !each.answers).length,
    subscribers: audience,
    reached: audience - has("no", "untested"),
    untested: has("untested"),
    p95_ms: pushes["5m"].p95_ms,
    attempted: pushes["5m"].attempted,
  };
}

/** Why a verdict is what it is, the worst first: what is wrong and what to do, as the catalogue says. */
export const reasonsOf = (verdict) => (verdict?.reasons ?? []).map(({ state, code, message, remedy }) => ({ state, code, message, remedy }));

/** What a repair found, in a sentence. */
export function repairWords({ reached_by, of, relayed }) {
  if (!reached_by) return say("repair.none");
  const values = { n: reached_by, of: count(of), relayed: count(relayed) };
  return say(relayed ? "repair.relayed" : "repair.found", values);
}
