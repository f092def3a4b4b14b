/**
 * The toolbar of a message, and the keyboard among messages.
 *
 * There is one toolbar; it goes to the row under the pointer or with the focus. With the focus in the timeline
 * the arrow keys go from message to message and Tab goes on into its toolbar, so a long timeline has few stops;
 * at a message with the focus the keys of `KEYS` do what the toolbar's buttons do.
 */

import { EMOJIS } from "../emojis.js";
import { say } from "../strings.js";
import { byId, h, icon } from "./dom.js";
import { opens } from "./popover.js";

export class RowToolbar {
  #rowOf;
  #scroller = byId("timeline");
  #react = button("react", { "aria-haspopup": "dialog" });
  #reply = button("reply");
  #more = button("more", { "aria-haspopup": "true" });
  #menu = h("div", { class: "row-menu", popover: "auto" }, button("person"), button("revise"), button("delete"));
  #picker = emojiPicker();
  #isByKeyboard = false;
  #isLeaving = false;
  #bar = h("div", { class: "row-tools", role: "toolbar", "aria-label": say("act.toolbar") });

  /** `rowOf(id)` is what the page knows of a message. The buttons act as all buttons of a row do. */
  constructor(rowOf) {
    this.#rowOf = rowOf;
    this.#bar.append(this.#react, this.#reply, this.#more, this.#menu, this.#picker);
    opens(this.#react, this.#picker);
    opens(this.#more, this.#menu);
    for (const popover of [this.#picker, this.#menu])
      popover.addEventListener("click", (event) => event.target.closest("[data-action]") && popover.hidePopover());
    document.addEventListener("keydown", () => (this.#isByKeyboard = true), true);
    document.addEventListener("pointerdown", () => (this.#isByKeyboard = false), true);
    for (const event of ["pointerover", "focusin"]) this.#scroller.addEventListener(event, (each) => this.#follow(each));
    this.#scroller.addEventListener("keydown", (event) => this.#key(event));
    this.#bar.addEventListener("keydown", (event) => this.#keyInBar(event));
    this.#menu.addEventListener("keydown", (event) => moveAmong(event, this.#menu, 1));
    this.#picker.addEventListener("keydown", (event) => moveAmong(event, this.#picker, EMOJIS[0].length));
  }

  /** After rows have changed: no toolbar where nothing can be done any more, one where a resting pointer waits for it. */
  refresh() {
    const row = this.#bar.parentElement ?? this.#scroller.querySelector("[data-msg-id]:hover");
    if (row) this.#show(row);
  }

  /** Follow the pointer and the focus; an open menu, and who is in the toolbar by keyboard, are left alone. */
  #follow({ target }) {
    const row = target.closest?.("[data-msg-id]");
    const isInUse = this.#isByKeyboard && this.#bar.contains(document.activeElement);
    if (row && !isInUse && !this.#isLeaving && !this.#bar.querySelector(":popover-open")) this.#show(row);
  }

  /** Put the toolbar into a row, with what can be done to its message; the focus stays in the timeline. */
  #show(element) {
    const row = this.#rowOf(element.dataset.msgId);
    const isOpen = Boolean(row) && !row.deleted && row.state !== "pending" && row.state !== "failed";
    if (isOpen) for (const own of this.#menu.querySelectorAll("[data-own]")) own.hidden = !row.own;
    if (isOpen ? this.#bar.parentElement === element : !this.#bar.isConnected) return;
    const old = this.#bar.contains(document.activeElement) ? this.#bar.parentElement : null;
    if (isOpen) element.append(this.#bar);
    else this.#bar.remove();
    if (!old) return;
    old.tabIndex = -1;
    this.#isLeaving = true; // the focus that stays behind must not call the toolbar back
    old.focus({ preventScroll: true });
    this.#isLeaving = false;
  }

  #key(event) {
    const row = event.target.closest("[data-msg-id]");
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!isPlain || event.defaultPrevented || (row ?? this.#scroller) !== event.target) return;
    if (row) this.#actByKey(event, row);
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    const rows = [...this.#scroller.querySelectorAll("[data-msg-id]")];
    const next = row ? rows[rows.indexOf(row) + by] : rows.at(by > 0 ? 0 : -1);
    if (!next) return;
    event.preventDefault();
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  /** Press the button of a key, where the message has that button. */
  #actByKey(event, row) {
    const name = KEYS[event.key.toLowerCase()];
    if (!name) return;
    this.#show(row);
    const pressed = { reply: this.#reply, react: this.#react }[name] ?? this.#menu.querySelector(`[data-action="${name}"]`);
    const isThere = this.#bar.parentElement === row && !pressed.hidden;
    if (!isThere) return;
    event.preventDefault();
    pressed.click();
  }

  #keyInBar(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const shown = [this.#react, this.#reply, this.#more].filter((each) => !each.hidden);
    const at = shown.indexOf(document.activeElement);
    if (!by || at < 0) return;
    event.preventDefault();
    shown.at((at + by) % shown.length).focus();
  }
}

/** At a message with the focus: key -> button. */
export const KEYS = { r: "reply", l: "react", e: "revise", delete: "delete" };

const ICONS = { react: "react", reply: "reply", more: "more", person: "people", revise: "edit", delete: "delete" };
const IN_MENU = { person: {}, revise: { "data-own": true }, delete: { "data-own": true } };

/** React and More open something; the others act on the message. */
function button(name, more = {}) {
  const acts = name === "react" || name === "more" ? {} : { "data-action": name };
  const isInMenu = name in IN_MENU;
  const words = isInMenu ? say(`act.${name}`) : null;
  const named = isInMenu ? {} : { "aria-label": say(`act.${name}`), title: say(`act.${name}`) };
  const attributes = { type: "button", class: isInMenu ? "menu-item" : "tool", ...acts, ...named, ...IN_MENU[name], ...more };
  return h("button", attributes, icon(ICONS[name]), words);
}

function emojiPicker() {
  const grid = h("div", { role: "grid", "aria-label": say("act.emojis") });
  for (const emojis of EMOJIS) {
    const cells = emojis.map((emoji) => {
      const chosen = h("button", { type: "button", class: "emoji", "data-action": "toggle", "data-emoji": emoji }, emoji);
      return h("span", { role: "gridcell" }, chosen);
    });
    grid.append(h("div", { role: "row", class: "emoji-row" }, ...cells));
  }
  return h("div", { class: "emojis", popover: "auto", role: "dialog", "aria-label": say("act.emojis") }, grid);
}

/** Arrow keys, Home and End among the buttons of a menu or a grid with so many columns. */
function moveAmong(event, place, columns) {
  const all = [...place.querySelectorAll("button:not([hidden])")];
  const at = all.indexOf(document.activeElement);
  const steps = { ArrowUp: -columns, ArrowDown: columns, ArrowLeft: -1, ArrowRight: 1, Home: -at, End: all.length - 1 - at };
  if (at < 0 || !(event.key in steps)) return;
  event.preventDefault();
  event.stopPropagation();
  all[Math.min(all.length - 1, Math.max(0, at + steps[event.key]))].focus();
}
