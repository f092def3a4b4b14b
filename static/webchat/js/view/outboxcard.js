/**
 * "Outbox (3)": what is unsent in all channels, why, and what can be done, one by one or with all.
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

  /** `source`: `unsent()`, `now_ms()`, `act(action, id)`, `actOnAll(action, rows)`. */
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
    const rows = this.#source.unsent();
    this.#chip.hidden = rows.length === 0;
    setText(this.#chip, say("outbox.chip", { n: rows.length }));
    setText(byId("outbox-title"), say("outbox.chip", { n: rows.length }));
    if (!this.#dialog.open) return;
    if (rows.length === 0) this.#dialog.close();
    const focused = document.activeElement?.dataset ?? {};
    this.#list.replaceChildren(...rows.map((row) => this.#entry(row)));
    if (focused.id && !this.#dialog.contains(document.activeElement)) (this.#list.querySelector("button") ?? this.#dialog).focus();
  }

  #entry(row) {
    const { text, actions } = rowWords(row, this.#source.now_ms());
    const buttons = actions
      .filter((action) => ACTIONS.has(action))
      .map((action) =>
        h("button", { type: "button", class: "action", "data-action": action, "data-id": row.id }, say(`row.${action}`)),
      );
    return h(
      "li",
      {},
      h("p", {}, h("strong", {}, row.channel), " ", h("span", { class: "outbox-text" }, row.text)),
      h("p", { class: "outbox-why" }, icon(row.state === "failed" ? "failed" : "queued"), h("span", {}, text)),
      h("p", { class: "outbox-actions" }, ...buttons),
    );
  }
}
