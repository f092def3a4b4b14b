/**
 * "Outbox (3)": what is unsent in all channels, messages and changes, why, and what can be done, one by one or
 * with all.
 *
 * An entry keeps its elements as long as it is there, so a press or the focus on a button is never moved to
 * another entry's.
 */

import { rowWords } from "../rowwords.js";
import { say } from "../strings.js";
import { byId, dialogOf, h, icon, oncePerFrame, setIcon, setText } from "./dom.js";

const ACTIONS = new Set(["retry", "send", "discard", "cancel"]);

export class OutboxCard {
  #chip = byId("outbox");
  #dialog = dialogOf("outbox-card");
  #list = byId("outbox-list");
  #retryAll = byId("outbox-retry");
  #source;
  #items = new Map();

  /** `source`: `unsent()`, `wordsOf(entry)`, `now_ms()`, `act(action, id)`, `actOnAll(action, entries)`. */
  constructor(source) {
    this.#source = source;
    this.redraw = oncePerFrame(() => this.#draw());
    this.#chip.addEventListener("click", () => this.open());
    this.#dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-action]");
      // What was discarded can be taken back: that offer stands on the page below.
      if (["discard", "cancel"].includes(button?.dataset.action)) this.#dialog.close();
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
    const held = this.#list.contains(document.activeElement);
    this.#keepOnly(entries);
    entries.forEach((entry, at) => this.#drawItem(entry, at));
    const wasAtRetry = document.activeElement === this.#retryAll;
    this.#retryAll.hidden = !entries.some(({ state, phase }) => state === "failed" || phase === "asking");
    const isLost = held ? !this.#list.contains(document.activeElement) : wasAtRetry && this.#retryAll.hidden;
    if (isLost) this.#dialog.focus();
  }

  #keepOnly(entries) {
    const shown = new Set(entries.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (shown.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
  }

  #drawItem(entry, at) {
    if (!this.#items.has(entry.id)) this.#items.set(entry.id, made());
    const item = this.#items.get(entry.id);
    if (this.#list.children[at] !== item) this.#list.insertBefore(item, this.#list.children[at] ?? null);
    const { text, actions } = rowWords(entry, this.#source.now_ms());
    setText(item.channel, entry.channel);
    setText(item.words, this.#source.wordsOf(entry));
    setIcon(item.icon, entry.state === "failed" ? "failed" : "queued");
    setText(item.why, text);
    drawButtons(item.actions, entry.id, actions.filter((action) => ACTIONS.has(action)));
  }
}

function made() {
  const channel = h("strong");
  const words = h("span", { class: "outbox-text" });
  const picture = icon("queued");
  const why = h("span");
  const actions = h("p", { class: "outbox-actions" });
  const item = h("li", {}, h("p", {}, channel, " ", words), h("p", { class: "outbox-why" }, picture, why), actions);
  return Object.assign(item, { channel, words, icon: picture, why, actions });
}

/** The buttons that are there already stay the same elements. */
function drawButtons(place, id, actions) {
  const buttons = new Map([...place.children].map((button) => [button.dataset.action, button]));
  for (const [action, button] of buttons) if (!actions.includes(action)) button.remove();
  actions.forEach((action, at) => {
    const attributes = { type: "button", class: "action", "data-action": action, "data-id": id };
    const button = buttons.get(action) ?? h("button", attributes, say(`row.${action}`));
    if (place.children[at] !== button) place.insertBefore(button, place.children[at] ?? null);
  });
}
