/**
 * What a record of the event log tells besides its columns, in words: who came and went, why a channel was
 * recovered, for whom a way was looked for and what was found, from whom a lost message was got back, how a
 * channel's verdict has changed.
 *
 * What a later or an earlier engine puts otherwise is told less of, never wrongly.
 */

import { count } from "./format.js";
import { hasWords, say } from "./strings.js";

const TELLERS = {
  "initiators.changed": ({ came, went }, nameOf) => [...named("story.came", came, nameOf), ...named("story.went", went, nameOf)],
  recovery: ({ reason }) => worded("story.why", reason),
  repair: ({ peer }, nameOf) => (peer ? [say("story.from", { name: nameOf(peer) })] : []),
  "reach.repair": ({ by }) => worded("story.by", by),
  "admin.repair": ({ subscriber, reached_by, of }, nameOf) => [...named("story.for", subscriber && [subscriber], nameOf), ...result(reached_by, of)],
  "verdict.changed": ({ was, was_code, state, code }) => (isState(was) && isState(state) ? [say("story.verdict", { was: stateWords(was, was_code), state: stateWords(state, code) })] : []),
  "admin.diagnostic": ({ on }) => (typeof on === "boolean" ? [say(on ? "story.on" : "story.off")] : []),
};

/** The words for a record; empty where its columns say all. */
export const storyOf = ({ operation, route }, nameOf) => (TELLERS[operation]?.(route ?? {}, nameOf) ?? []).join("; ");

const isState = (state) => hasWords(`state.${state}`);
const stateWords = (state, code) => (code ? `${say(`state.${state}`)} (${code})` : say(`state.${state}`));

const named = (key, ids, nameOf) => (ids?.length ? [say(key, { names: ids.map(nameOf).join(", ") })] : []);

/** The engine's word in the page's, or itself where there is none. */
function worded(key, word) {
  if (!word) return [];
  const known = `${key}.${word.replaceAll(" ", "-")}`;
  return [hasWords(known) ? say(known) : word];
}

const result = (reached_by, of) => (of === undefined ? [] : [say("story.reached", { n: reached_by, k: count(reached_by), of: count(of) })]);
