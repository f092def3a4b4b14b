/** Who gets a channel's messages, those in trouble first, each with the reason and what can be done. */

import { avatar, byId, h, icon, setAttribute, setIcon, setText } from "../../view/dom.js";
import { count } from "../format.js";
import { successAge_ms, troubledFirst } from "../matrix.js";
import { say } from "../strings.js";
import { factWords, reachedWords } from "../subscribers.js";
import { audienceWords } from "../verdicts.js";
import { keyed } from "./table.js";

const SHOWN = 12;
const ICONS = { directly: "reached", relay: "relayed", no: "unreached", untested: "untested" };

export class SubscriberList {
  #repair;
  #going = new Set();
  #told = new Map();
  #channel = "";
  #all = false;
  #more;

  /** `repair(subscriber)` resolves with what was found, in words. */
  constructor(repair) {
    this.#repair = repair;
    this.#more = h("button", { type: "button", class: "quiet", hidden: true });
    this.#more.addEventListener("click", () => {
      this.#all = true;
      byId("subscribers").focus(); // the button goes
      this.#more.hidden = true;
    });
    byId("subscribers").after(this.#more);
  }

  /** The picture `detail` is `age_ms` old. */
  draw(detail, nameOf, age_ms) {
    const { channel, subscribers } = detail;
    if (channel !== this.#channel) {
      this.#channel = channel;
      this.#all = false;
      this.#told.clear();
    }
    const troubled = subscribers.filter(({ reason }) => reason).length;
    setText(byId("subscribers-note"), audienceWords(detail));
    const sorted = troubledFirst(subscribers);
    const shown = this.#all ? sorted : sorted.slice(0, Math.max(SHOWN, troubled));
    keyed(byId("subscribers"), shown, (each) => each.id, (each) => this.#make(each), (element, each) => this.#draw(element, { ...each, success_age_ms: successAge_ms(each, detail, age_ms) }, nameOf));
    setAttribute(this.#more, "hidden", shown.length === sorted.length);
    setText(this.#more, say("subscribers.more", { n: count(sorted.length) }));
  }

  #make({ id }) {
    const button = h("button", { type: "button", class: "action" }, icon("repair"), h("span"));
    button.addEventListener("click", () => this.#press(id, button));
    return h(
      "li",
      { class: "subscriber" },
      h("span", { class: "subscriber-picture", "aria-hidden": "true" }, avatar(id)),
      h("div", { class: "subscriber-words" }, h("span", { class: "subscriber-name" }), h("span", { class: "subscriber-state" }, icon("untested"), h("span")), h("span", { class: "subscriber-facts" }), h("p", { class: "subscriber-reason" }), h("p", { class: "subscriber-told", tabindex: -1 })),
      button,
    );
  }

  #draw(element, each, nameOf) {
    const name = nameOf(each.id);
    const [, words, button] = element.children;
    const [title, state, facts, reason, told] = words.children;
    setAttribute(element, "data-reached", each.reached);
    setText(title, name);
    setIcon(state.firstElementChild, ICONS[each.reached]);
    setText(state.lastElementChild, reachedWords(each, nameOf));
    setText(facts, factWords(each));
    setAttribute(reason, "hidden", !each.reason);
    if (each.reason) setText(reason, `${each.reason.message}. ${each.reason.remedy} (${each.reason.code})`);
    setText(told, this.#told.get(each.id) ?? "");
    setAttribute(told, "hidden", !told.textContent);
    const going = this.#going.has(each.id);
    const offered = each.reason !== null;
    const gone = !offered && !going;
    // What it did stands in its place, and takes the focus that it would lose; what healed by itself says nothing.
    if (gone && button === document.activeElement) (told.textContent ? told : byId("subscribers")).focus();
    setAttribute(button, "hidden", gone);
    setAttribute(button, "aria-disabled", going ? "true" : null);
    setAttribute(button, "aria-label", going ? null : say("repair.of", { name }));
    setText(button.lastElementChild, say(going ? "repair.going" : "repair"));
  }

  async #press(id, button) {
    if (this.#going.has(id)) return;
    this.#going.add(id);
    setText(button.lastElementChild, say("repair.going"));
    try {
      this.#told.set(id, await this.#repair(id));
    } finally {
      this.#going.delete(id);
    }
  }
}
