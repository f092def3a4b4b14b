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

/** All of it in a sentence: the first thing to mend is what matters. */
export function examinedWords(steps) {
  const count = (result) => steps.filter((step) => step.result === result).length;
  if (count("failed")) return say("doctor.failed", { n: count("failed") });
  return count("warning") ? say("doctor.warned", { n: count("warning") }) : say("doctor.well");
}
