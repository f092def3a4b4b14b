/**
 * Where tries failed, of a message's trace or an operation's report: a row for each way from one node to another that
 * failed for one reason, how often, from when to when, and what is known of it since.
 *
 * Invariants: a try that failed is no proof that its node lacks the message, which it may have fetched by itself; only
 * what its own answer, or another try, has settled is told as settled, and only what is known to be lost is a trouble.
 */

import { atTime, count } from "./format.js";
import { say } from "./strings.js";

export const POINTS_MAX = 100;

const KNOWN = ["fail.times", "fail.span", "fail.since"];
const OF_MESSAGE = ["trace.node", "trace.peer", "trace.method", "trace.outcome", ...KNOWN];
const OF_OPERATION = ["report.peer", "report.operation", "report.method", "report.outcome", ...KNOWN];

/** What a node to which no try went well has said since: that it `lacks` the message, that it `holds` it, or nothing. */
export function fateOf(peer, nodes) {
  const said = nodes.find(({ id }) => id === peer)?.outcome;
  return { missing: "lacks", ok: "holds" }[said] ?? "unknown";
}

/** `{head, rows, left}` of a message's trace; those come first that are known to lack it, then those not known to have it. */
export function messageFailures({ nodes, report }, nameOf) {
  const points = report.failure_points.map((each) => ({ ...each, since: each.reached_otherwise ? "otherwise" : fateOf(each.peer, nodes) }));
  return tableOf(OF_MESSAGE, points, ({ by, peer, method, outcome }) => [nameOf(by), nameOf(peer), method, outcome]);
}

/** `{head, rows, left}` of the report on an operation: whom it did not reach it asks again, nobody else does. */
export function operationFailures({ failure_points }, nameOf) {
  const points = failure_points.map((each) => ({ ...each, since: each.reached_otherwise ? "otherwise" : "unreached" }));
  return tableOf(OF_OPERATION, points, ({ peer, operation, method, outcome }) => [nameOf(peer), operation, method, outcome]);
}

const ORDER = ["lacks", "unreached", "unknown", "holds", "otherwise"];
const TROUBLES = ["lacks", "unreached"];

function tableOf(head, points, about) {
  const sorted = [...points].sort((a, b) => ORDER.indexOf(a.since) - ORDER.indexOf(b.since) || a.first_ms - b.first_ms);
  const rows = sorted.slice(0, POINTS_MAX).map((each, at) => ({ key: at, cells: [...about(each), count(each.times), spanOf(each), sinceCell(each)] }));
  return { head: head.map((key) => say(key)), rows, left: points.length - rows.length };
}

const spanOf = ({ first_ms, last_ms }) => [...new Set([first_ms, last_ms].map(atTime))].join(" – ");

const sinceCell = ({ since }) => (TROUBLES.includes(since) ? { text: say(`fail.since.${since}`), kind: "is-troubled" } : say(`fail.since.${since}`));
