/** The connection doctor's steps as the page tells them, and its verdict on all of them. */

import { time } from "./format.js";
import { hasWords, say } from "./strings.js";

const ICONS = { ok: "healthy", warning: "impaired", failed: "broken", skipped: "silent" };
const STATES = { ok: "healthy", warning: "degraded", failed: "down", skipped: "unknown" };

/** `{key, state, icon, name, result, sentence, lang, remedy, code, took}` of a step. */
export function stepTold({ name, subject, result, elapsed_ms, sentence, lang = "en", code, remedy }) {
  const title = hasWords(`doctor.${name}`) ? say(`doctor.${name}`) : name;
  return {
    key: `${name} ${subject}`,
    state: STATES[result],
    icon: ICONS[result],
    name: subject ? `${title}: ${subject}` : title,
    result: say(`doctor.is.${result}`),
    sentence,
    lang,
    remedy,
    code,
    took: time(elapsed_ms),
  };
}

/** What was left out because nobody asked for it; see `peernode/doctor/steps.py`. */
const UNASKED = ["channel.unnamed", "store.unnamed", "disk.none"];

/** All of it in a sentence: the first thing to mend is what matters; what could not be looked at is not called well. */
export function examinedWords(steps) {
  const count = (result) => steps.filter((step) => step.result === result).length;
  if (count("failed")) return say("doctor.failed", { n: count("failed") });
  const unseen = steps.filter(({ result, says = [] }) => result === "skipped" && !says.some((key) => UNASKED.includes(key))).length;
  if (!count("warning")) return unseen ? say("doctor.unseen", { n: unseen }) : say("doctor.well");
  const warned = say("doctor.warned", { n: count("warning") });
  return unseen ? `${warned} ${say("doctor.besides", { n: unseen })}` : warned;
}
