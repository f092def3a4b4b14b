/**
 * The keyboard: where somebody is writing, only keys with Alt or Escape count.
 *
 * `?`, which lists the keys, is a character: it counts while the focus is in the timeline alone, so that it can't be
 * meant by who dictates, or whose hand slips, at a button elsewhere (WCAG 2.1.4). Alt+K and the menu list them anywhere.
 */

import { byId, dialogOf } from "./dom.js";

const isWriting = (element) => element.matches?.("input, textarea, select, [contenteditable]");

/** Whether the key types a character: with Alt (Option) a Mac has one on nearly every key, or begins one. */
const types = ({ key, code }) => key === "Dead" || ([...key].length === 1 && `Key${key.toUpperCase()}` !== code);

/** Listen on the page; `actions`: `next`, `previous`, `join`, `people`, `search`, `about`, `outbox`, `write`, `newest`. */
export function listenToKeys(actions) {
  const dialog = dialogOf("keys");
  const all = { ...actions, list: () => dialog.showModal() };
  byId("show-keys").addEventListener("click", all.list);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const act = keyAction(event, all);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

const withAlt = (code, actions) =>
  ({
    ArrowDown: actions.next,
    ArrowUp: actions.previous,
    KeyJ: actions.join,
    KeyP: actions.people,
    KeyS: actions.search,
    KeyI: actions.about,
    KeyO: actions.outbox,
    KeyK: actions.list,
  })[code];

function keyAction(event, actions) {
  if (event.altKey) return isWriting(event.target) && types(event) ? null : withAlt(event.code, actions);
  if (event.key === "Escape") return actions.write;
  if (isWriting(event.target)) return null;
  if (event.key === "?") return byId("timeline").contains(event.target) ? actions.list : null;
  return event.key === "End" ? actions.newest : null;
}
