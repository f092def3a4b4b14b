/**
 * The keyboard: `?` lists the keys; where somebody is writing, only keys with Alt or Escape count.
 */

import { byId, dialogOf } from "./dom.js";

const isWriting = (element) => element.matches?.("input, textarea, select, [contenteditable]");

/** Whether the key types a character: with Alt (Option) a Mac has one on nearly every key, or begins one. */
const types = ({ key, code }) => key === "Dead" || ([...key].length === 1 && `Key${key.toUpperCase()}` !== code);

/** Listen on the page; `actions`: `next`, `previous`, `join`, `people`, `search`, `about`, `outbox`, `write`, `newest`. */
export function listenToKeys(actions) {
  const dialog = dialogOf("keys");
  byId("show-keys").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const act = keyAction(event, actions, dialog);
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
  })[code];

function keyAction(event, actions, dialog) {
  if (event.altKey) return isWriting(event.target) && types(event) ? null : withAlt(event.code, actions);
  if (event.key === "Escape") return actions.write;
  if (isWriting(event.target)) return null;
  return { "?": () => dialog.showModal(), End: actions.newest }[event.key];
}
