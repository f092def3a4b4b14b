/**
 * The line under a channel's name: how the join goes, or who has written, and never more than the page knows.
 *
 * A page holds a part of what the node holds, and the node may hold a part of the channel: old messages expire. Only
 * when the node has nothing older can the page say who wrote what is there; of a part it says no time either, the newest
 * message may be a year old; before the node has been heard it says nothing, not even that there is nothing.
 */

import { troubleLine } from "./channelhealth.js";
import { say } from "./strings.js";

/**
 * `channel`: `join`, `older` (`none`: the node has nothing older than the rows); `isGreeted`: the node has told what it holds;
 * `health`: how the channel is, null where that is not known. A trouble comes first, where it is not cut off.
 */
export function subtitle(channel, rows, isGreeted, health) {
  const { join } = channel;
  if (join?.state === "joining") return say("subtitle.joining");
  if (join?.state === "delayed") return say("subtitle.delayed");
  if (join?.state === "refused") return say("subtitle.refused");
  return [troubleLine(health), writers(channel, rows, isGreeted)].filter(Boolean).join(" · ");
}

function writers({ older }, rows, isGreeted) {
  const n = new Set(rows.map((row) => row.author)).size;
  if (n === 0 || !isGreeted) return "";
  if (older !== "none") return say("subtitle.part", { n });
  return rows.every((row) => row.own) ? say("subtitle.alone") : say("subtitle.people", { n });
}

/** Whether a channel may be called empty: it is joined, the node has been heard, and nothing of it is on its way here. */
export function isEmpty({ join, older }, rows, isGreeted) {
  const isJoined = !join || join.state === "joined";
  return isGreeted && isJoined && rows.length === 0 && (older === "none" || older === "idle");
}
