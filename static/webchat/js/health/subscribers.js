/** One who gets a channel's messages, in words: how it is reached, and what is known of that. */

import { ago, count, time } from "./format.js";
import { say } from "./strings.js";

/** How it is reached, by whom, and what is odd about it. */
export function reachedWords({ reached, via, reached_by, of, slow, lone = false }, nameOf) {
  const parts = [say(`reached.${reached}`)];
  if (via) parts.push(say("subscriber.via", { name: nameOf(via) }));
  if (reached === "directly") parts.push(say("subscriber.by", { k: count(reached_by), of: count(of) }));
  if (slow) parts.push(say("subscriber.slow"));
  if (lone) parts.push(say("subscriber.lone"));
  return parts.join(", ");
}

/** How long a push takes, and the last success: of the direct way, while through a relay messages arrive all the while. */
export function factWords({ latency_ms, success_age_ms, reached }) {
  const parts = [];
  if (latency_ms && reached !== "no") parts.push(say("subscriber.latency", { time: time(latency_ms) }));
  if (reached !== "untested") parts.push(say(reached === "directly" ? "subscriber.success" : "subscriber.success.direct", { ago: ago(success_age_ms) }));
  return parts.join(" · ");
}
