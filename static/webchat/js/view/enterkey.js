/**
 * What Enter does in the message field: it sends, and with Shift it begins a line.
 *
 * A touchscreen's keyboard has no Shift+Enter, so where there is nothing but one (no mouse, trackpad or pen) Enter
 * begins a line, and the button sends, or Ctrl+Enter (Command+Enter) of a keyboard that has been attached. The field
 * says which of the two it is: to the touchscreen's keyboard, to eyes and to screen readers. A mouse may come and go.
 */

import { byId, setAttribute } from "./dom.js";

export class EnterKey {
  #field;
  #coarse = window.matchMedia("(pointer: coarse)");
  #fine = window.matchMedia("(any-pointer: fine)");

  constructor(field) {
    this.#field = field;
    for (const each of [this.#coarse, this.#fine]) each.addEventListener("change", () => this.#tell());
    this.#tell();
  }

  get #isTouchAlone() {
    return this.#coarse.matches && !this.#fine.matches;
  }

  /** Whether the key is to send what is written. */
  sends({ key, shiftKey, ctrlKey, metaKey, isComposing }) {
    return key === "Enter" && !shiftKey && !isComposing && (!this.#isTouchAlone || ctrlKey || metaKey);
  }

  #tell() {
    const isTouch = this.#isTouchAlone;
    setAttribute(this.#field, "enterkeyhint", isTouch ? "enter" : "send");
    byId("composer-keys").hidden = isTouch;
    byId("composer-touch").hidden = !isTouch;
    const told = isTouch ? "composer-touch" : "composer-keys";
    setAttribute(this.#field, "aria-describedby", `about-title composer-note ${told}`);
  }
}
