/**
 * The line under a channel's name: how the join goes, or who has written, and never more than the page knows.
 *
 * A page holds a part of a channel. Only when there is nothing older can it say who has written at all; of a part it
 * says no time either, the newest message may be a year old; before the node has been heard it says nothing.
 */

import { say } from "./strings.js";

/** `channel`: `join`, `older` (`none`: the rows begin where the channel does); `isGreeted`: the node has told what it holds. */
export function subtitle({ join, older }, rows, isGreeted) {
  if (join?.state === "joining") return say("subtitle.joining");
  if (join?.state === "delayed") return say("subtitle.delayed");
  if (join?.state === "refused") return say("subtitle.refused");
  const n = new Set(rows.map((row) => row.author)).size;
  if (n === 0 || !isGreeted) return "";
  if (older !== "none") return say("subtitle.part", { n });
  return rows.every((row) => row.own) ? say("subtitle.alone") : say("subtitle.people", { n });
}
