/**
 * The nodes that store a channel as the page tells them: a row for each, in its own words, and what of them is not
 * so sure: who has not answered yet, whose word is a remembered one, what the others contradict, who has no room.
 *
 * A cell is a text, or `{text, note, kind}`; the note is read by everybody, it hangs on no pointer.
 */

import { ago, bytes, count, NOTHING, time } from "./format.js";
import { inOrder } from "./matrix.js";
import { LIVE_MS } from "./model.js";
import { mainly } from "./parts.js";
import { isFailing } from "./pushes.js";
import { say } from "./strings.js";

const COLUMNS = ["node", "answers", "rtt", "messages", "bytes", "behind", "subscribers", "lately", "agrees", "started"];

/** The heads of the columns. */
export const initiatorHeads = () => COLUMNS.map((key) => say(`initiator.${key}`));

/** `[{key, cells}]`; `named(id)` is what a node is called; the picture that they are from is `age_ms` old. */
export const initiatorRows = (initiators, named, age_ms = 0) => inOrder(initiators).map((each) => ({ key: each.id, cells: cellsOf(each, named(each.id), age_ms) }));

function cellsOf(each, name, age_ms) {
  if (!each.answers) return [name, notAnswering(each), ...Array(COLUMNS.length - 2).fill(NOTHING)];
  const told = (what, text) => ((each.doubted ?? []).includes(what) ? { text, note: say("initiator.doubted"), kind: "is-troubled" } : text);
  return [
    name,
    answering(age_ms + (each.age_ms ?? 0)),
    time(each.rtt_ms),
    told("messages", count(each.messages)),
    each.full ? { text: bytes(each.bytes), note: say("initiator.full"), kind: "is-troubled" } : told("bytes", bytes(each.bytes)),
    each.behind ? { text: count(each.behind), kind: "is-troubled" } : count(each.behind),
    told("subscribers", count(each.subscribers)),
    lately(each, told),
    each.set_agrees === null ? NOTHING : each.set_agrees ? say("initiator.yes") : { text: say("initiator.differs"), kind: "is-troubled" },
    time(each.started_ms),
  ];
}

/** It answers; what it said is shown while its next word is on the way, and is as old as that takes. */
const answering = (age_ms) => (age_ms > LIVE_MS ? { text: say("initiator.yes"), note: say("channel.age", { ago: ago(age_ms) }) } : say("initiator.yes"));

/** Too early to call it silent, or silent; of that the engine's word for how. */
function notAnswering({ unheard, outcome }) {
  return unheard ? { text: say("initiator.unheard"), note: say("initiator.unheard.note") } : { text: outcome, kind: "is-troubled" };
}

/** The pushes of its last minute: how many, how many failed, how long, and what took the time. */
function lately({ now }, told) {
  if (!now) return NOTHING;
  if (!now.attempted) return told("pushes", count(0));
  const text = say("initiator.pushed", { n: count(now.attempted), failed: count(now.failed), p95: time(now.p95_ms) });
  const cell = told("pushes", text);
  if (typeof cell === "object") return cell;
  return { text, note: mainly(now.parts ?? {}), kind: isFailing(now) ? "is-troubled" : "" };
}
