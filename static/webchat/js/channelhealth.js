/**
 * How a channel is by the own node's word (`channel.health`), in words; what is well is not talked about.
 *
 * `health`: `{state, initiators: {k, of}, error}`, or null while this page does not know it.
 */

import { say } from "./strings.js";

/** Codes that are about who answers, where the count says what is wrong. */
const COUNTED = new Set(["INITIATOR_SILENT", "INITIATOR_UNHEARD", "INITIATORS_TOO_FEW", "NO_INITIATOR"]);

/** That there is one copy hinders nobody, and each message says where it is stored. */
const QUIET = new Set(["ONE_COPY"]);

/** Whether whoever is in the channel should know of it unasked. */
export const isTrouble = (health) => health !== null && health.state !== "healthy" && !QUIET.has(health.error.code);

/** "3 of 5 nodes answer", or what else is wrong: for the line under the channel's name; empty while all is well. */
export function troubleLine(health) {
  if (!isTrouble(health)) return "";
  return COUNTED.has(health.error.code) ? say("health.answering", counts(health)) : health.error.message;
}

/** What is wrong and what can be done, of a channel in which nothing can be confirmed. */
export const downWords = (channel, health) => (health?.state === "down" ? say("health.why", { channel, ...health.error }) : "");

/** The state and what it rests on, always. */
export function stateWords(health) {
  if (health === null) return say("health.unknown");
  const { k, of } = health.initiators;
  return say(k === 1 && of === 1 ? "health.told.single" : "health.told", { state: say(`health.state.${health.state}`), ...counts(health) });
}

/** What is wrong and what can be done; empty while all is well. */
export const remedyWords = (health) => (health?.error ? `${health.error.message}. ${health.error.remedy}` : "");

/** What is heard when it has changed in the channel that is open. */
export const heardWords = (channel, health) =>
  [say("health.heard", { channel, state: say(`health.state.${health.state}`) }), troubleLine(health) || health.error?.message].filter(Boolean).join(" ");

const counts = ({ initiators: { k, of } }) => ({ k, of, n: k });
