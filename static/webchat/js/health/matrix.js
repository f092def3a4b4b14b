/**
 * The reachability matrix as rows of cells: a row for each subscriber, a column for each initiator.
 *
 * Subscribers in trouble come first, so that at `ROWS_MAX` what is left out is what is well. A cell has a word, a
 * picture and a sentence, so that nothing hangs on its colour.
 */

import { ago, time } from "./format.js";
import { say } from "./strings.js";

export const ROWS_MAX = 200;
const ORDER = { no: 0, relay: 1, untested: 2, directly: 2 };

/** Worst first; those alike in the order of their ids, so that rows keep their places. */
export const troubledFirst = (subscribers) =>
  [...subscribers].sort((a, b) => ORDER[a.reached] - ORDER[b.reached] || !a.reason - !b.reason || (a.id < b.id ? -1 : 1));

/** Initiators in an order that does not change with who is closest or fastest at the moment. */
export const inOrder = (initiators) => [...initiators].sort((a, b) => (a.id < b.id ? -1 : 1));

/** `{columns, rows, left}`; `nameOf` turns a node id into what it is called. */
export function matrixOf({ initiators, subscribers, matrix }, nameOf) {
  const columns = inOrder(initiators).map(({ id, answers, unheard = false }) => ({ id, answers, silent: !answers && !unheard }));
  const rows = troubledFirst(subscribers)
    .slice(0, ROWS_MAX)
    .map((subscriber) => ({
      id: subscriber.id,
      reached: subscriber.reached,
      cells: columns.map(({ id }) => cellOf(matrix[id], subscriber.id, id, nameOf)),
    }));
  return { columns, rows, left: subscribers.length - rows.length };
}

/** `{kind, icon, text, note, title}` of what one initiator says of one subscriber. */
export function cellOf(row, subscriber, initiator, nameOf) {
  if (subscriber === initiator) return cell("self", "healthy", say("cell.self"), "", say("cell.self.title"));
  if (row?.outcome === "unheard") return cell("untested", "untested", say("cell.unheard"), "", say("cell.unheard.title"));
  if (!row || row.outcome !== "ok")
    return cell("silent", "silent", say("cell.silent"), "", say("cell.silent.title", { outcome: row?.outcome ?? "" }));
  const found = row.subscribers[subscriber];
  if (!found) return cell("unlisted", "silent", say("cell.unlisted"), "", say("cell.unlisted.title"));
  if (found.failing_age_ms !== null || found.via) return failing(found, details(found), nameOf);
  if (found.direction === "unknown") return cell("untested", "untested", say("cell.untested"), "", say("cell.untested.title"));
  return cell("direct", "reached", time(found.latency_ms), "", `${say("cell.direct.title")} ${details(found)}`);
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

function details({ direction, success_age_ms, failures, repairs }) {
  const parts = [say(`direction.${direction}`), say("cell.success", { ago: ago(success_age_ms) })];
  if (failures) parts.push(say("cell.failures", { n: failures }));
  if (repairs) parts.push(say("cell.repairs", { n: repairs }));
  return `${parts.join(", ")}.`;
}

/** What the kinds of cells mean, for the legend. */
export const LEGEND = [
  ["direct", "reached"],
  ["oneway", "oneway"],
  ["relay", "relayed"],
  ["no", "unreached"],
  ["untested", "untested"],
  ["silent", "silent"],
].map(([kind, icon]) => ({ kind, icon, key: `legend.${kind}` }));
