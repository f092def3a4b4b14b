/**
 * The card that opens from "Delivered to 4 of 9": who has the message and since when, who can't be reached.
 */

import { say } from "../strings.js";
import { whoHas } from "../whohas.js";
import { byId, dialogOf, h, icon, setText } from "./dom.js";
import { portrait } from "./portrait.js";

const lang = document.documentElement.lang || "en";
const sameDay = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const otherDay = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });

export class ReceiptCard {
  #dialog = dialogOf("receipts");
  #lists = byId("receipts-lists");
  #row = null;
  #source;

  /** `source`: `nameOf(channel, node_id)`, `who(channel, node_id)`, `now_ms()`. */
  constructor(source) {
    this.#source = source;
    this.#dialog.addEventListener("close", () => {
      this.#row = null;
    });
  }

  open(row) {
    this.#row = row;
    this.#draw();
    this.#dialog.showModal();
  }

  /** A row has changed: if it is this one, the card follows. */
  changed(row) {
    if (row === this.#row) this.#draw();
  }

  #draw() {
    const row = this.#row;
    const { summary, has, lacks, more, missing } = whoHas(row, (id) => this.#source.nameOf(row.channel, id));
    const { n, m } = row.delivered;
    setText(byId("receipts-title"), n ? say("row.delivered", { n, m }) : say("row.sent.plain"));
    setText(byId("receipts-summary"), summary);
    const rest = [
      ...(more ? [h("li", { class: "receipts-rest" }, say("has.more", { n: more }))] : []),
      ...(missing ? [h("li", { class: "receipts-rest" }, say("has.missing", { n: missing }))] : []),
    ];
    this.#lists.replaceChildren(
      ...this.#list("has.got", "delivered", has, "has.at", []),
      ...this.#list("has.unreachable", "offline", lacks, "has.since", []),
      ...(rest.length ? [h("ul", { class: "receipts-list" }, ...rest)] : []),
    );
  }

  #list(title, picture, people, words) {
    if (people.length === 0) return [];
    const entries = people.map(({ id, name, at_ms }) =>
      h(
        "li",
        {},
        portrait(this.#source.who(this.#row.channel, id)),
        h("span", { class: "receipts-name" }, name),
        h("span", { class: "receipts-time" }, say(words, { time: this.#time(at_ms) })),
      ),
    );
    return [h("h3", {}, icon(picture), say(title)), h("ul", { class: "receipts-list" }, ...entries)];
  }

  #time(at_ms) {
    const isToday = new Date(at_ms).toDateString() === new Date(this.#source.now_ms()).toDateString();
    return (isToday ? sameDay : otherDay).format(at_ms);
  }
}
