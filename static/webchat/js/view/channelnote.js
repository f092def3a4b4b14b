/**
 * What stands behind a channel's name in the list: how it is unless it is well, how much is unread, and apart from that how
 * often the reader is named; or how its join goes.
 */

import { countWords } from "../reading.js";
import { say } from "../strings.js";
import { stateMark } from "./channelhealth.js";
import { h } from "./dom.js";

/** `channel`: `join`, `unread`, `mentions`; `health`: as in `channelhealth.js`. Drawn anew only when something differs. */
export function drawNote(note, { join, unread, mentions }, health) {
  const isJoining = join && join.state !== "joined" && join.state !== "refused";
  const isRefused = join?.state === "refused";
  const mark = isJoining || isRefused ? [] : stateMark(health);
  const shown = `${unread} ${mentions} ${isJoining} ${isRefused} ${mark.map((each) => each.textContent)}`;
  if (note.shown === shown) return;
  note.shown = shown;
  const badge = (kind, text, spoken) => [
    h("span", { class: `badge ${kind}`, "aria-hidden": "true" }, text),
    h("span", { class: "visually-hidden" }, ` ${spoken}`),
  ];
  const [n, named] = [countWords(unread), countWords(mentions)];
  note.replaceChildren(
    ...mark,
    ...(unread && mentions ? badge("mentions", `@${mentions > 1 ? named : ""}`, say("channels.mentions", { n: named })) : []),
    ...(unread ? badge("unread", n, say("channels.unread", { n })) : []),
    ...(isJoining && !unread ? [h("span", { "aria-hidden": "true" }, "…"), h("span", { class: "visually-hidden" }, say("channels.joining"))] : []),
    ...(isRefused && !unread ? [h("span", { "aria-hidden": "true" }, "!"), h("span", { class: "visually-hidden" }, say("subtitle.refused"))] : []),
  );
}
