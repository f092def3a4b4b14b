/**
 * Words at the top that go away by themselves: "discarded", with Undo, a trouble, or something to try.
 *
 * Several stand under each other, so that none takes away another's Undo; at most `TOASTS_MAX`: then the oldest that
 * neither offers anything nor stays goes, otherwise the oldest. A word that is said again is there once. Each can be
 * sent away, the newest with Escape. The time of a word begins once somebody looks at the page, and what the server
 * warns of, which nothing else on the page says, stays until it is sent away.
 */

import { systemClock } from "../clock.js";
import { say } from "../strings.js";
import { byId, h, icon } from "./dom.js";

export const TOASTS_MAX = 5;
const UNDO_MS = 5000;
const TROUBLE_MS = 12000;
const SUGGESTION_MS = 30000;
const UNTIL_CLOSED = null;
/** Levels of the server's messages (Django's). */
const STAYING = ["warning", "error"];

export class Toast {
  #place = byId("toasts");
  #afterwards;
  #clock;
  #all = [];

  /** `afterwards()` takes the focus when a toast goes away that had it. */
  constructor(afterwards, clock = systemClock) {
    this.#afterwards = afterwards;
    this.#clock = clock;
    document.addEventListener("visibilitychange", () => this.#looked());
  }

  /** Something that can be taken back for 5 seconds; the button has the focus. `missed()`: it was not, and is over. */
  offer(text, action, act, missed) {
    this.#choice(UNDO_MS, text, action, act, missed).focus();
  }

  /** Something that somebody may want, without hurry: the focus stays where it is. */
  suggest(text, action, act) {
    this.#choice(SUGGESTION_MS, text, action, act);
  }

  /** An error that belongs to no row: what it is and what to do. */
  trouble({ code, message, remedy }) {
    const words = h("p", {}, h("strong", {}, message), ". ", remedy ?? "", " ", h("code", {}, code));
    this.#say(TROUBLE_MS, icon("failed"), words);
  }

  /** A word, said once. */
  tell(text) {
    this.#say(UNDO_MS, h("p", {}, text));
  }

  /** What the server has put into the page: told here, so that it is read out, can be sent away, and may go by itself. */
  takeOver(place) {
    for (const { textContent, dataset } of [...place.children]) {
      this.#say(STAYING.includes(dataset.level) ? UNTIL_CLOSED : SUGGESTION_MS, h("p", {}, textContent));
    }
    place.replaceChildren();
  }

  /** Send the newest away; false: there is none. */
  closeNewest() {
    const newest = this.#all.at(-1);
    if (newest) this.#end(newest);
    return Boolean(newest);
  }

  #choice(ms, text, action, act, missed = () => {}) {
    const button = h("button", { type: "button", class: "action" }, action);
    const toast = this.#show(ms, true, h("p", {}, text), button);
    toast.missed = missed;
    button.addEventListener("click", () => {
      toast.missed = () => {};
      this.#end(toast);
      act();
    });
    return button;
  }

  #say(ms, ...children) {
    const said = this.#show(ms, false, ...children);
    const again = this.#all.find((each) => each !== said && !each.offers && each.element.textContent === said.element.textContent);
    if (again) this.#end(again);
  }

  #show(ms, offers, ...children) {
    const close = h("button", { type: "button", class: "toast-close", "aria-label": say("toast.close"), title: "Esc" }, icon("discard"));
    const toast = { offers, ms, element: h("div", { class: "toast" }, ...children, close), cancel: null, missed: () => {} };
    close.addEventListener("click", () => this.#end(toast));
    if (this.#all.length >= TOASTS_MAX) this.#end(this.#all.find((each) => !each.offers && each.ms) ?? this.#all[0]);
    this.#all.push(toast);
    this.#place.append(toast.element);
    this.#looked();
    return toast;
  }

  /** Begin the time of those that nobody could see before. */
  #looked() {
    if (document.hidden) return;
    for (const toast of this.#all) if (toast.ms) toast.cancel ??= this.#clock.later(toast.ms, () => this.#end(toast));
  }

  #end(toast) {
    toast.cancel?.();
    this.#all = this.#all.filter((each) => each !== toast);
    const had = toast.element.contains(document.activeElement);
    toast.element.remove();
    if (had) this.#afterwards();
    toast.missed();
  }
}
