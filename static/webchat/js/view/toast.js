/**
 * A word at the edge of the screen that goes away by itself: "discarded", with Undo, a trouble, or something to try.
 */

import { byId, h, icon } from "./dom.js";

const UNDO_MS = 5000;
const TROUBLE_MS = 12000;
const SUGGESTION_MS = 30000;

export class Toast {
  #place = byId("toasts");
  #afterwards;

  /** `afterwards()` takes the focus when a toast goes away that had it. */
  constructor(afterwards) {
    this.#afterwards = afterwards;
  }

  /** Something that can be taken back for 5 seconds; the button has the focus. */
  offer(text, action, act) {
    const button = h("button", { type: "button", class: "action" }, action);
    const toast = this.#show(UNDO_MS, h("p", {}, text), button);
    button.addEventListener("click", () => {
      this.#end(toast);
      act();
    });
    button.focus();
  }

  /** Something that somebody may want, without hurry: the focus stays where it is. */
  suggest(text, action, act) {
    const button = h("button", { type: "button", class: "action" }, action);
    const toast = this.#show(SUGGESTION_MS, h("p", {}, text), button);
    button.addEventListener("click", () => {
      this.#end(toast);
      act();
    });
  }

  /** An error that belongs to no row: what it is and what to do. */
  trouble({ code, message, remedy }) {
    const words = h("p", {}, h("strong", {}, message), ". ", remedy ?? "", " ", h("code", {}, code));
    this.#show(TROUBLE_MS, icon("failed"), words);
  }

  /** A word, said once. */
  tell(text) {
    this.#show(UNDO_MS, h("p", {}, text));
  }

  #show(ms, ...children) {
    const toast = h("div", { class: "toast" }, ...children);
    this.#place.replaceChildren(toast); // one at a time
    setTimeout(() => this.#end(toast), ms);
    return toast;
  }

  #end(toast) {
    const had = toast.contains(document.activeElement);
    toast.remove();
    if (had) this.#afterwards();
  }
}
