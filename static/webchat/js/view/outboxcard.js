/**
 * "Outbox (3)": what is unsent in all channels, messages and changes, why, and what can be done, one by one or
 * with all.
 */

import { rowWords } from "../rowwords.js";
import { say } from "../strings.js";
import { byId, h, icon, oncePerFrame, setText } from "./dom.js";

const ACTIONS = new Set(["retry", "send", "discard", "cancel"]);

export class OutboxCard {
  #chip = byId("outbox");
  #dialog = byId("outbox-card");
  #list = byId("outbox-list");
  #source;

  /** `source`: `unsent()`, `wordsOf(entry)`, `now_ms()`, `act(action, id)`, `actOnAll(action, entries)`. */
  constructor(source) {
    this.#source = source;
    this.redraw = oncePerFrame(() => this.#draw());
    this.#chip.addEventListener("click", () => this.open());
    this.#dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-action]");
      const isBackdrop = event.target === this.#dialog;
      // What was discarded can be taken back: that offer stands on the page below.
      if (isBackdrop || ["discard", "cancel"].includes(button?.dataset.action)) this.#dialog.close();
      if (!button) return;
      const { action, all, id } = button.dataset;
      if (all) source.actOnAll(action, source.unsent());
      else source.act(action, id);
    });
  }

  /** Show the list; where nothing is unsent there is none. */
  open() {
    if (this.#source.unsent().length === 0) return;
    this.#dialog.showModal();
    this.#draw();
  }

  #draw() {
    const entries = this.#source.unsent();
    this.#chip.hidden = entries.length === 0;
    setText(this.#chip, say("outbox.chip", { n: entries.length }));
    setText(byId("outbox-title"), say("outbox.chip", { n: entries.length }));
    if (!this.#dialog.open) return;
    if (entries.length === 0) this.#dialog.close();
    const focused = document.activeElement?.dataset ?? {};
    this.#list.replaceChildren(...entries.map((entry) => this.#item(entry)));
    if (focused.id && !this.#dialog.contains(document.activeElement)) (this.#list.querySelector("button") ?? this.#dialog).focus();
  }

  #item(entry) {
    const { text, actions } = rowWords(entry, this.#source.now_ms());
    const buttons = actions
      .filter((action) => ACTIONS.has(action))
      .map((action) =>
        h("button", { type: "button", class: "action", "data-action": action, "data-id": entry.id }, say(`row.${action}`)),
      );
    return h(
      "li",
      {},
      h("p", {}, h("strong", {}, entry.channel), " ", h("span", { class: "outbox-text" }, this.#source.wordsOf(entry))),
      h("p", { class: "outbox-why" }, icon(entry.state === "failed" ? "failed" : "queued"), h("span", {}, text)),
      h("p", { class: "outbox-actions" }, ...buttons),
    );
  }
}
