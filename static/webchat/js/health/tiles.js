/** The numbers of a channel that matter most, each with what it is of and whether it is a trouble. */

import { count, NOTHING, percent, time } from "./format.js";
import { JOINS_MAX } from "./joining.js";
import { isFailing } from "./pushes.js";
import { say } from "./strings.js";
import { briefOf } from "./verdicts.js";

/** `[[name, value, note, troubled]]`; what nobody knows is no zero. */
export function tilesOf(detail) {
  const brief = briefOf(detail);
  const recent = detail.pushes["5m"];
  const { joins, replication } = detail;
  const of = (k, n) => (n ? say("tile.of", { k: count(k), of: count(n) }) : NOTHING);
  return [
    ["initiators", of(brief.answering, brief.initiators), "", brief.answering + brief.unheard < brief.initiators],
    ["subscribers", of(brief.reached, brief.subscribers), "", brief.reached + brief.untested < brief.subscribers],
    ["p95", time(recent.p95_ms), say("tile.minutes"), false],
    ["success", percent(recent.acked, recent.attempted), say("tile.minutes"), isFailing(recent)],
    ["under", replication.under === null ? NOTHING : count(replication.under), "", replication.under > 0],
    ["joins", of(joins.ok, joins.ok + joins.failed), say("tile.since", { n: count(JOINS_MAX) }), joins.failed > 0],
  ];
}
