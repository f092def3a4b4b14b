/**
 * The reachability matrix as rows of cells: a row for each subscriber, a column for each initiator.
 *
 * Subscribers in trouble come first, so that at `ROWS_MAX` what is left out is what is well. A cell has a word, a
 * picture and a sentence, so that nothing hangs on its colour. Each initiator's word has an age of its own, which may
 * be more than that of the picture: a column says it when it is older than the page may be, and what a cell tells of
 * times is as of now. In a large channel rows name only whom their initiator fails to reach: of the others that is
 * said, never that they are unknown.
 */

import { ago, count, time } from "./format.js";
import { LIVE_MS } from "./model.js";
import { say } from "./strings.js";

export const ROWS_MAX = 200;
const ORDER = { no: 0, relay: 1, untested: 2, directly: 2 };

/** Worst first; those alike in the order of their ids, so that rows keep their places. */
export const troubledFirst = (subscribers) =>
  [...subscribers].sort((a, b) => ORDER[a.reached] - ORDER[b.reached] || !a.reason - !b.reason || (a.id < b.id ? -1 : 1));

/** Initiators in an order that does not change with who is closest or fastest at the moment. */
export const inOrder = (initiators) => [...initiators].sort((a, b) => (a.id < b.id ? -1 : 1));

/** How old what a cell says was when its picture was made; `word_ms`: what else its initiator said, by which an earlier engine goes. */
const saidAgo_ms = (cell, word_ms = 0) => cell.age_ms ?? word_ms;

/** `{columns, rows, left}`; `nameOf` turns a node id into what it is called; the picture is `age_ms` old. */
export function matrixOf({ initiators, subscribers, matrix, failing_only = false }, nameOf, age_ms = 0) {
  const ordered = inOrder(initiators);
  const columns = ordered.map((each) => columnOf(each, matrix[each.id], age_ms));
  const rows = troubledFirst(subscribers)
    .slice(0, ROWS_MAX)
    .map(({ id, reached }) => ({
      id,
      reached,
      cells: ordered.map((each) => cellOf(matrix[each.id], id, each.id, nameOf, { failing_only, age_ms, word_ms: each.age_ms })),
    }));
  return { columns, rows, left: subscribers.length - rows.length };
}

/** `old_ms`: how old the oldest is that the column shows, when that is older than the page may be; else null. */
function columnOf({ id, answers, unheard = false, age_ms: word_ms = 0 }, row, age_ms) {
  const cells = Object.values(row?.subscribers ?? {});
  const oldest_ms = age_ms + (cells.length ? Math.max(...cells.map((each) => saidAgo_ms(each, word_ms))) : word_ms);
  const shows = answers || cells.length > 0;
  return { id, answers, silent: !answers && !unheard, old_ms: shows && oldest_ms > LIVE_MS ? oldest_ms : null };
}

/** Whether any initiator has said whom it reaches. */
export const isHeard = (matrix) => Object.values(matrix).some(({ outcome }) => outcome === "ok");

/** What is said of the table as a whole: above it of whom it tells, below it how many more there are. */
export function matrixNotes({ failing_only = false, audience, matrix }, { rows, left }) {
  const none = isHeard(matrix) ? (failing_only ? "matrix.untroubled" : "subscribers.none") : "subscribers.unheard";
  const key = rows.length ? (failing_only ? "matrix.troubled" : "") : none;
  return { above: key && say(key, { n: count(audience) }), below: left ? say("matrix.more", { n: left }) : "" };
}

/** `{kind, icon, text, note, title}` of what one initiator says of one subscriber; `word_ms` as above. */
export function cellOf(row, subscriber, initiator, nameOf, { failing_only = false, age_ms = 0, word_ms = 0 } = {}) {
  if (subscriber === initiator) return cell("self", "healthy", say("cell.self"), "", say("cell.self.title"));
  const found = row?.subscribers[subscriber];
  if (!found) return unnamed(row, subscriber, failing_only);
  const aged = asOfNow(found, age_ms + saidAgo_ms(found, word_ms));
  if (aged.failing_age_ms !== null || aged.via) return failing(aged, details(aged), nameOf);
  if (aged.direction === "unknown") return cell("untested", "untested", say("cell.untested"), "", say("cell.untested.title"));
  return cell("direct", "reached", time(aged.latency_ms), "", `${say("cell.direct.title")} ${details(aged)}`);
}

/** Of somebody who is not in the row: why not. */
function unnamed(row, subscriber, failing_only) {
  if (row?.outcome === "unheard") return cell("untested", "untested", say("cell.unheard"), "", say("cell.unheard.title"));
  if (row?.outcome !== "ok") return cell("silent", "silent", say("cell.silent"), "", say("cell.silent.title", { outcome: row?.outcome ?? "" }));
  if (typeof row.until === "string" && subscriber > row.until) return cell("untested", "untested", say("cell.unheard"), "", say("cell.until.title"));
  if (failing_only) return cell("fine", "reached", say("cell.fine"), "", say("cell.fine.title"));
  return cell("unlisted", "silent", say("cell.unlisted"), "", say("cell.unlisted.title"));
}

/** A cell whose word is `age_ms` old, with what it tells of times as of now. */
function asOfNow(found, age_ms) {
  const [success_age_ms, failing_age_ms] = [found.success_age_ms, found.failing_age_ms].map((ms) => (ms === null ? null : ms + age_ms));
  return { ...found, success_age_ms, failing_age_ms };
}

/** How long ago anybody reached a subscriber directly, as of now, in a picture that is `age_ms` old; null for never. */
export function successAge_ms({ id, success_age_ms }, { initiators, matrix }, age_ms = 0) {
  const cells = initiators.map((each) => [matrix[each.id]?.subscribers[id], each.age_ms]).filter(([found]) => found && found.success_age_ms !== null);
  if (!cells.length) return success_age_ms === null ? null : success_age_ms + age_ms;
  return age_ms + Math.min(...cells.map(([found, word_ms]) => found.success_age_ms + saidAgo_ms(found, word_ms)));
}

/** A way that fails directly: which direction works is known only of such a one, and shown also beside a relay. */
function failing({ asymmetric, direction, failing_age_ms, via }, detail, nameOf) {
  const oneway = asymmetric ? say(`direction.${direction}`) : "";
  if (via) {
    const name = nameOf(via);
    const note = [say("cell.via", { name }), oneway].filter(Boolean).join("; ");
    return cell("relay", "relayed", say("cell.relay"), note, `${say("cell.relay.title", { name })} ${detail}`);
  }
  const since = say("cell.since", { time: time(failing_age_ms) });
  if (oneway) return cell("oneway", "oneway", say("cell.oneway"), `${since}; ${oneway}`, `${say("cell.no.title")} ${detail}`);
  return cell("no", "unreached", say("cell.no"), since, `${say("cell.no.title")} ${detail}`);
}

const cell = (kind, icon, text, note, title) => ({ kind, icon, text, note, title });

/** Successes are those of the direct way: through a relay messages arrive all the while. */
function details({ direction, success_age_ms, failures, repairs, via }) {
  const parts = [say(`direction.${direction}`), say(via ? "cell.success.direct" : "cell.success", { ago: ago(success_age_ms) })];
  if (failures) parts.push(say("cell.failures", { n: failures }));
  if (repairs) parts.push(say("cell.repairs", { n: repairs }));
  return `${parts.join(", ")}.`;
}

/** What the kinds of cells mean, for the legend; of `direct` and `fine` a table has only one. */
export const LEGEND = [
  ["direct", "reached"],
  ["fine", "reached"],
  ["oneway", "oneway"],
  ["relay", "relayed"],
  ["no", "unreached"],
  ["untested", "untested"],
  ["silent", "silent"],
].map(([kind, icon]) => ({ kind, icon, key: `legend.${kind}` }));
