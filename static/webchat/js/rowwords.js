/**
 * What a row says about its state, and which buttons it has: one table, no page.
 *
 * `icon` names a picture of icons.html; the words say the same, so nothing is told by picture or colour alone.
 */

import { say } from "./strings.js";

/** `{text, icon, actions}` for an own row; empty text where nothing needs to be said. */
export function rowWords(row, now_ms) {
  switch (row.state) {
    case "pending":
      return pendingWords(row, now_ms);
    case "sent":
      return { text: sentWords(row), icon: row.alone ? "alone" : "sent", actions: [] };
    case "delivered":
      return { text: say("row.delivered", row.delivered), icon: "delivered", actions: [] };
    case "failed":
      return { text: failedWords(row.error), code: row.error?.code ?? "", icon: "failed", actions: ["retry", "edit", "discard"] };
    default:
      return { text: "", icon: "", actions: [] };
  }
}

function pendingWords(row, now_ms) {
  const actions = ["cancel"];
  if (row.phase === "queued") return { text: say("row.queued"), icon: "queued", actions };
  if (row.phase === "waiting") {
    const s = Math.max(1, Math.ceil((row.until_ms - now_ms) / 1000));
    return { text: say("row.waiting", { s }), icon: "queued", actions };
  }
  if (row.stage === 0) return { text: "", icon: "", actions: [] };
  return { text: say(row.stage === 1 ? "row.sending" : "row.still"), icon: "sending", actions };
}

function sentWords(row) {
  const { k, of, machines } = row.stored;
  if (row.alone) return say("row.alone");
  if (k === 0) return say("row.sent.plain");
  if (machines > 0 && machines < k) return say("row.sent.machines", { k, n: machines });
  return say("row.sent", { k, of });
}

function failedWords(error) {
  const reason = (error?.message || say("error.unknown")).replace(/\.$/, "");
  return say("row.failed", { reason, remedy: error?.remedy ?? "" }).trim();
}
