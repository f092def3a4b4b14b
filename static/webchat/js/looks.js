/**
 * How a message looks: its text, what became of it, who reacted with what. Pure functions, no page.
 *
 * The node tells whole looks (`lookOf`); a change that this page has made and the node has not accepted
 * yet is laid over the look (`changed`). Laying a change over a look that holds it already changes nothing.
 */

export const CHANGES = Object.freeze(["edit", "delete", "reaction"]);

/** Whether a report or record is about another message, and so never a row of its own. */
export const isChange = ({ kind }) => CHANGES.includes(kind);

/** The look in a message's fields; what is missing is as in a message that was just written. */
export function lookOf({ text = "", html = "", reply_to = "", edited_ms = 0, deleted = false, reactions = [] }) {
  return { text, html, reply_to, edited_ms, deleted, reactions };
}

/** The look in a report about an own message, which knows its first text alone. */
export const firstLook = (report) =>
  lookOf({ ...report, reply_to: report.reply_to ?? (report.kind === "reply" ? report.target : "") });

/** The look after one change by the node `by`. */
export function changed(look, change, by) {
  if (look.deleted) return look;
  if (change.kind === "delete") return { ...look, text: "", html: "", deleted: true, reactions: [] };
  if (change.kind === "reaction") return { ...look, reactions: reacted(look.reactions, change, by) };
  const { text, html = "", at_ms } = change;
  return { ...look, text, html, edited_ms: at_ms };
}

/** The look without a change that was laid over `before`. */
export function unchanged(look, change, by, before) {
  if (change.kind === "delete") return before;
  if (change.kind === "reaction")
    return { ...look, reactions: reacted(look.reactions, { ...change, on: !change.on }, by) };
  const { text, html, edited_ms } = before;
  return { ...look, text, html, edited_ms };
}

/** The look without a change that it still holds; the same object when it does not hold it. */
export function undone(look, change, by, before) {
  const isReaction = change.kind === "reaction";
  if (change.kind === "delete") return look.deleted ? before : look;
  if (look.deleted || (isReaction && hasReacted(before, change.emoji, by) === change.on)) return look;
  const holdsIt = isReaction ? hasReacted(look, change.emoji, by) === change.on : look.text === change.text;
  return holdsIt ? unchanged(look, change, by, before) : look;
}

/** Whether the node `by` has reacted with `emoji`. */
export const hasReacted = (look, emoji, by) =>
  look.reactions.some(([shown, people]) => shown === emoji && people.includes(by));

function reacted(reactions, { emoji, on }, by) {
  if (hasReacted({ reactions }, emoji, by) === on) return reactions;
  const known = reactions.some(([shown]) => shown === emoji);
  const all = known || !on ? reactions : [...reactions, [emoji, []]];
  return all
    .map(([shown, people]) => {
      if (shown !== emoji) return [shown, people];
      const others = people.filter((id) => id !== by);
      return [shown, on ? [...others, by] : others];
    })
    .filter(([, people]) => people.length > 0);
}
