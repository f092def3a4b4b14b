/**
 * How a channel is by the own node's word (`channel.health`), in words; what is healthy is not talked about.
 *
 * `health`: `{state, initiators: {k, of}, error}`, or null while this page does not know it.
 */

import { say } from "./strings.js";

/** Whether somebody should know of it. */
export const isTrouble = (health) => health !== null && health.state !== "healthy";

/** "3 of 5 nodes answer": for the line under the channel's name; empty while all is well. */
export const troubleLine = (health) => (isTrouble(health) ? say("health.answering", counts(health)) : "");

/** What is wrong and what can be done, of a channel in which nothing can be confirmed; the node's own line speaks of its network. */
export function downWords(channel, health) {
  if (health?.state !== "down" || health.error.code === "NO_BOOTSTRAP") return "";
  return say("health.why", { channel, ...health.error });
}

/** The state and what it rests on, always. */
export const stateWords = (health) =>
  health === null ? say("health.unknown") : say("health.told", { state: say(`health.state.${health.state}`), ...counts(health) });

/** What is wrong and what can be done; empty while all is well. */
export const remedyWords = (health) => (isTrouble(health) ? `${health.error.message}. ${health.error.remedy}` : "");

const counts = ({ initiators: { k, of } }) => ({ k, of, n: of });
