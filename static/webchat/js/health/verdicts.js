/** The verdicts in words: of the host and of each channel, each in one sentence. */

import { ago, count, time } from "./format.js";
import { isHeard } from "./matrix.js";
import { hasWords, say } from "./strings.js";

const HIDDEN_NAMED_MAX = 3;

const ICONS = { healthy: "healthy", degraded: "impaired", down: "broken", unknown: "untested" };

/** `{state, word, icon}` of a verdict, also of none. */
export function stateOf(verdict) {
  const state = verdict?.state ?? "unknown";
  return { state, word: say(verdict?.cause === "looking" ? "state.looking" : `state.${state}`), icon: ICONS[state] };
}

/** The same of a channel: with an `error`, which says why there can be no verdict now, it is not what it was before. */
export const channelStateOf = (verdict, error = null) => (error ? { state: "unknown", word: say("state.unseen"), icon: ICONS.unknown } : stateOf(verdict));

/**
 * Why the host is as it is; `lines`: those of the list of channels, the worst first, of which the first that is not
 * well says why. Channels are seen through whichever node has a network, so whose node has none is told besides.
 */
export function hostSentence(host, lines = []) {
  const { users_offline: cut = 0 } = host;
  return [whyOfHost(host, lines), ...(cut ? [say("host.cut", { n: cut })] : [])].join(" ");
}

function whyOfHost(host, lines) {
  const { state, cause, channels, troubled, seen = channels, failed = 0 } = host.verdict;
  const hidden = () => say("host.unseen", { n: failed, of: count(channels), names: hiddenIn(lines) });
  switch (cause) {
    case "":
      return channels ? say("host.well", { n: channels }) : say("host.idle");
    case "looking":
      return say("host.looking", { n: channels, k: count(seen) });
    case "unseen":
      return hidden();
    case "channels": {
      const said = channels === 1 ? say("host.only") : say("host.channels", { n: troubled, of: count(channels) });
      return [said, ...worstOf(lines), ...(failed ? [hidden()] : [])].join(" ");
    }
    case "node":
      return host.node.reason || say("host.node");
    case "store":
      return say(state === "down" ? "host.store" : "host.disk");
    default:
      return say(`host.${cause}`);
  }
}

/** The channels that can't be looked at, by name; of many the first. */
function hiddenIn(lines) {
  const names = lines.filter(({ error }) => error).map(({ channel }) => channel);
  return [...names.slice(0, HIDDEN_NAMED_MAX), ...(names.length > HIDDEN_NAMED_MAX ? ["…"] : [])].join(", ") || "…";
}

/** What is wrong with the host and what to do, with its code; empty when the sentence says all there is to say. */
export function hostRemedy({ verdict: { error } }) {
  return error?.code ? `${error.message}. ${error.remedy} (${error.code})` : "";
}

/** Which channel is worst, and why, as at most one sentence; of one that can't be looked at now what was seen says nothing. */
function worstOf(lines) {
  const found = lines.find(({ verdict, error }) => !error && whyOf(verdict));
  return found ? [`${found.channel}: ${whyOf(found.verdict)}.`] : [];
}

/** What is worst, a clause; nothing when all is well. Of what only a later engine says, its message. */
function whyOf(verdict) {
  const [worst] = verdict?.reasons ?? [];
  return worst ? clauseOf(worst.says, worst.numbers) || worst.message : "";
}

/** Reasons that say themselves how many initiators answer. */
const ABOUT_INITIATORS = ["NO_INITIATOR", "INITIATORS_TOO_FEW", "INITIATOR_SILENT", "INITIATOR_UNHEARD"];

/** Clauses that name a time of some pushes; that of all beside it would contradict it. */
const TIMED = /^(DELIVERY_SLOW|NETWORK_SLOW\.(part|lone)$)/;

/** A channel in one sentence: what is worst, who answers, who is reached, how fast by what the verdict rests on. */
export function channelSentence({ verdict, initiators, answering, unheard = 0, subscribers, reached, untested = 0, attempted }) {
  const why = whyOf(verdict);
  const said = verdict?.reasons?.[0]?.code;
  const p95_ms = verdict?.p95_ms ?? null;
  const parts = why ? [why] : [];
  if (!ABOUT_INITIATORS.includes(said)) parts.push(say("verdict.initiators", { n: initiators, k: count(answering), of: count(initiators) }));
  if (unheard && said !== "INITIATOR_UNHEARD") parts.push(say("verdict.unheard", { n: unheard, k: count(unheard) }));
  if (!subscribers) parts.push(say("verdict.nobody"));
  else if (said !== "SUBSCRIBER_UNREACHABLE") parts.push(say("verdict.subscribers", { n: subscribers, k: count(reached), of: count(subscribers) }));
  if (untested) parts.push(say("verdict.untested", { n: untested, k: count(untested) }));
  const timed = TIMED.test(verdict?.reasons?.[0]?.says ?? "");
  if (p95_ms !== null && !timed) parts.push(say("verdict.p95", { time: time(p95_ms) }));
  else if (!attempted && !timed) parts.push(say("verdict.quiet"));
  return sentence(parts.join("; "));
}

const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "");

/** Those who count as subscribers, and how many there are: one initiator's word alone makes nobody one. */
function countedOf({ subscribers, audience }) {
  const listed = subscribers.filter(({ lone }) => !lone);
  return { listed, all: audience - (subscribers.length - listed.length) };
}

/** The line of the list out of a channel's whole picture. */
export function briefOf({ channel, as_of_ms, verdict, initiators, subscribers, audience, pushes }) {
  const { listed, all } = countedOf({ subscribers, audience });
  const has = (...states) => listed.filter((each) => states.includes(each.reached)).length;
  return {
    channel,
    as_of_ms,
    verdict,
    initiators: initiators.length,
    answering: initiators.filter((each) => each.answers).length,
    unheard: initiators.filter((each) => each.unheard && !each.answers).length,
    subscribers: all,
    reached: all - has("no", "untested"),
    untested: has("untested"),
    p95_ms: pushes["5m"].p95_ms,
    attempted: pushes["5m"].attempted,
  };
}

/**
 * Why a verdict is what it is, the worst first: what is wrong and what to do, as the catalogue says. `error`: why the
 * channel can't be looked at, which comes before what was seen when it could.
 */
export function reasonsOf(verdict, error = null) {
  const seen = (verdict?.reasons ?? []).map(({ state, code, message, remedy, says, numbers }) => ({ state, code, message, remedy, clause: sentence(clauseOf(says, numbers)) }));
  return error ? [{ state: "unknown", code: error.code, message: error.message, remedy: error.remedy, clause: "" }, ...seen] : seen;
}

/** Of these numbers the first that a clause has decides its form. */
const MAIN = ["silent", "unheard", "full", "unreached", "under", "differ", "relayed", "subscribers", "slow", "unlisted", "doubted", "joins", "failed", "of"];

/** What exactly is wrong, a clause in the page's words and numbers; nothing for what only a later engine says. */
function clauseOf(says, numbers = {}) {
  if (!says || !(hasWords(`why.${says}`) || hasWords(`why.${says}.other`))) return "";
  const values = Object.entries(numbers).map(([name, value]) => [name, name.endsWith("_ms") ? time(value) : count(value)]);
  const main = MAIN.find((name) => name in numbers);
  const n = says === "NO_INITIATOR" ? numbers.of : numbers[main];
  return say(`why.${says}`, { ...Object.fromEntries(values), n });
}

/** How all who get a channel's messages fare; whom nobody has tried to reach yet is neither reached nor in trouble. */
export function audienceWords({ subscribers, audience, matrix }) {
  const { listed, all } = countedOf({ subscribers, audience });
  if (!all) return say(isHeard(matrix) ? "subscribers.none" : "subscribers.unheard");
  const troubled = listed.filter(({ reason }) => reason).length;
  const untested = listed.filter(({ reached }) => reached === "untested").length;
  const reached = all - untested;
  const parts = [];
  if (troubled) parts.push(say("subscribers.trouble", { n: troubled, of: count(all) }));
  else if (!untested) parts.push(say("subscribers.well", { n: all }));
  else if (reached) parts.push(say("subscribers.reached", { n: reached, of: count(all) }));
  if (untested) parts.push(say("subscribers.untested", { n: untested }));
  return parts.join(" ");
}

/** What the line of a channel says that has no picture yet. */
export const waitingWords = (error) => (error ? `${error.message}. ${error.remedy} (${error.code})` : say("channel.looking"));

/** How the test message fares; `ok_age_ms`: how long ago the last one came through. */
export function canaryWords({ state, code, latency_ms }, ok_age_ms) {
  if (state === "failed") return say("fact.canary.failed", { code, ago: ago(ok_age_ms) });
  return state === "ok" ? say("fact.canary.ok", { time: time(latency_ms) }) : say(`fact.canary.${state}`);
}

/** What a repair found, in a sentence. */
export function repairWords({ reached_by, of, relayed }) {
  if (!reached_by) return say("repair.none");
  const values = { n: reached_by, of: count(of), relayed: count(relayed) };
  return say(relayed ? "repair.relayed" : "repair.found", values);
}
