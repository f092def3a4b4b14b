/**
 * Reactions under a message: one button per emoji, pressed when one's own is among them.
 */

import { say } from "../strings.js";
import { h, setAttribute, setText } from "./dom.js";

const lang = document.documentElement.lang || "en";
const list = new Intl.ListFormat(lang, { type: "conjunction" });

/** Draw the reactions of a row; `people`: `me`, `nameOf(node id)`. The button of an emoji stays the same. */
export function drawReactions(element, row, people) {
  const known = new Map([...element.children].map((chip) => [chip.dataset.emoji, chip]));
  const chips = row.reactions.map(([emoji, by]) => {
    const chip = known.get(emoji) ?? makeChip(emoji);
    drawChip(chip, emoji, by, people, row.change);
    return chip;
  });
  const isSame = chips.length === known.size && chips.every((chip, at) => chip === element.children[at]);
  if (!isSame) replaced(element, chips);
  element.hidden = chips.length === 0;
}

/** The last reaction may go while its button has the focus, which must not drop to the top of the page. */
function replaced(element, chips) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren(...chips);
  if (!focused) return;
  const row = element.closest("[data-msg-id]");
  row.tabIndex = -1;
  (chips.includes(focused) ? focused : (chips[0] ?? row)).focus();
}

function makeChip(emoji) {
  const parts = [h("span", { class: "chip-emoji", "aria-hidden": "true" }, emoji), h("span", { class: "chip-count" })];
  return h("button", { type: "button", class: "chip", "data-action": "toggle", "data-emoji": emoji }, ...parts);
}

function drawChip(chip, emoji, by, { me, nameOf }, change) {
  const names = [...by.filter((id) => id !== me).map(nameOf), ...(by.includes(me) ? [say("reaction.you")] : [])];
  const people = list.format(names);
  setText(chip.lastElementChild, String(by.length));
  setAttribute(chip, "aria-pressed", String(by.includes(me)));
  setAttribute(chip, "aria-label", say("reaction.people", { emoji, people }));
  setAttribute(chip, "title", people);
  setAttribute(chip, "data-pending", change?.kind === "reaction" && change.emoji === emoji);
}
