/**
 * What a row says about its state, and which buttons it has: one table, no page.
 *
 * `icon` names a picture of icons.html; the words say the same, so nothing is told by picture or colour alone.
 */

import { isChange } from "./looks.js";
import { say } from "./strings.js";

/** What a row's words and buttons are about: the message until it is sent, then its own unfinished change. */
export const subjectOf = (row) => (row.state === "pending" || row.state === "failed" ? row : (row.change ?? row));

/** `{text, icon, actions}` for a row, or for a change by itself; empty text where nothing needs to be said. */
export function rowWords(row, now_ms) {
  const subject = subjectOf(row);
  if (isChange(subject)) return changeWords(subject, now_ms);
  if (row.deleted) return row.own ? removedWords(row.removed) : NOTHING;
  switch (row.state) {
    case "pending":
      return pendingWords(row, now_ms);
    case "sent":
      return { text: sentWords(row), icon: row.alone || row.local ? "alone" : "sent", actions: [] };
    case "delivered":
      return { text: say("row.delivered", row.delivered), icon: "delivered", actions: [] };
    case "failed":
      return { text: failedWords(row.error), code: row.error?.code ?? "", icon: "failed", actions: ["retry", "edit", "discard"] };
    default:
      return NOTHING;
  }
}

const NOTHING = Object.freeze({ text: "", icon: "", actions: [] });

/** An edit, deletion or reaction that is not through. */
function changeWords(change, now_ms) {
  if (change.state === "pending") {
    const words = pendingWords(change, now_ms);
    return words.icon === "sending" ? { ...words, text: say(`change.${change.kind}.sending`), actions: [] } : words;
  }
  const { code = "", ...error } = change.error ?? {};
  return { text: failedWords(error, `change.${change.kind}.failed`), code, icon: "failed", actions: ["retry", "discard"] };
}

/**
 * What is unsent, in a line: a message's beginning, or what was to be done to which one. `target` is the row
 * that a change is about, if that is here, `excerptOf` a message's beginning.
 */
export function unsentWords(entry, target, excerptOf) {
  if (!isChange(entry)) return excerptOf(entry);
  if (entry.kind === "edit") return say("unsent.edit", { text: excerptOf(entry) });
  // As it was before: a deletion that waits has taken the text from the row already.
  const text = target ? excerptOf({ ...target, text: target.told.text }) : "";
  const key = entry.kind === "delete" ? "unsent.delete" : `unsent.reaction.${entry.on ? "on" : "off"}`;
  return say(text ? key : `${key}.earlier`, { text, emoji: entry.emoji });
}

/** Never more than is known: nodes of others that have said that they have the deletion. */
function removedWords({ n, m }) {
  return m ? { text: say("row.removed", { n, of: m }), icon: "delete", actions: [] } : NOTHING;
}

function pendingWords(row, now_ms) {
  const actions = ["cancel"];
  if (row.phase === "queued") return { text: say("row.queued"), icon: "queued", actions };
  if (row.phase === "asking")
    return { text: say("row.asking", { ago: agoWords(now_ms - row.at_ms) }), icon: "queued", actions: ["send", "discard"] };
  if (row.phase === "waiting") {
    const s = Math.max(1, Math.ceil((row.until_ms - now_ms) / 1000));
    return { text: say("row.waiting", { s }), icon: "queued", actions };
  }
  if (row.stage === 0) return NOTHING;
  return { text: say(row.stage === 1 ? "row.sending" : "row.still"), icon: "sending", actions };
}

function agoWords(ms) {
  const h = Math.max(1, Math.floor(ms / 3_600_000));
  return h < 48 ? say("ago.hours", { n: h }) : say("ago.days", { n: Math.floor(h / 24) });
}

function sentWords(row) {
  const { k, of, machines } = row.stored;
  if (row.alone) return say("row.alone");
  if (row.local) return say("row.local");
  if (k === 0) return say("row.sent.plain");
  if (machines > 0 && machines < k) return say("row.sent.machines", { k, n: machines });
  return say("row.sent", { k, of });
}

function failedWords(error, key = "row.failed") {
  const reason = (error?.message || say("error.unknown")).replace(/\.$/, "");
  return say(key, { reason, remedy: error?.remedy ?? "" }).trim();
}
