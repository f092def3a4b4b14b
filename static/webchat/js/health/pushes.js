/**
 * The pushes of a channel in numbers, and when those that failed are a trouble: as the verdict has it, so that nothing
 * is red for them that is called healthy. A push that fails is tried again or gone round; it is no message that is lost.
 */

import { count, NOTHING, percent, time } from "./format.js";
import { mainly, partWords } from "./parts.js";
import { say } from "./strings.js";

/** As in `peernode/diagnostics/pushfindings.py`; a test compares them. */
export const FAILED_SHARE_MAX = 0.1;
export const PUSHES_MIN = 10;

const WINDOWS = ["5m", "1h", "24h"];

/** Whether so many of them failed that something is wrong. */
export const isFailing = ({ attempted, failed }) => attempted >= PUSHES_MIN && failed > FAILED_SHARE_MAX * attempted;

/** The heads of the columns. */
export const pushHeads = () => [say("push.window"), say("push.attempted"), say("push.acked"), say("push.retried"), say("push.failed"), say("push.average"), "p50", "p95", "p99", say("push.parts")];

/** `[{key, cells}]`, one for each span of time. */
export const pushRows = (pushes) => WINDOWS.map((key) => ({ key, cells: [say(`push.${key}`), ...cellsOf(pushes[key])] }));

function cellsOf({ attempted, acked, retried, failed, average_ms, p50_ms, p95_ms, p99_ms, parts = {} }) {
  const share = attempted ? `${count(acked)} (${percent(acked, attempted)})` : count(acked);
  const failures = isFailing({ attempted, failed }) ? { text: count(failed), kind: "is-troubled" } : count(failed);
  return [count(attempted), share, count(retried), failures, ...[average_ms, p50_ms, p95_ms, p99_ms].map(time), { text: mainly(parts) || NOTHING, note: partWords(parts) }];
}
