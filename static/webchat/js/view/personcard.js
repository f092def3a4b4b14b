/**
 * The card about one person: name, picture, what they say of themselves, and the fingerprint to compare.
 *
 * Name, picture and words are the person's own claim; the fingerprint is the key itself. The mark "verified" is
 * the reader's own word, kept by the own node.
 */

import { fingerprint } from "../naming.js";
import { say } from "../strings.js";
import { avatar, byId, dialogOf, setText } from "./dom.js";
import { portrait } from "./portrait.js";

export class PersonCard {
  #dialog = dialogOf("person");
  #about = byId("person-about");
  #verify = byId("person-verify");
  #block = byId("person-block");
  #edit = byId("person-edit");
  #source;
  #shown = null;

  /** `source`: `who(channel, id)`, `me()`, `ask(channel, id)`, `verify(id, on)`, `isBlocked(id)`, `block(id, on)`, `edit()`. */
  constructor(source) {
    this.#source = source;
    this.#dialog.addEventListener("close", () => {
      this.#shown = null;
    });
    this.#verify.addEventListener("click", () => source.verify(this.#shown.id, !this.#who.isVerified));
    this.#block.addEventListener("click", () => source.block(this.#shown.id, !source.isBlocked(this.#shown.id)));
    this.#edit.addEventListener("click", () => {
      this.#dialog.close();
      source.edit();
    });
  }

  open(channel, id) {
    this.#shown = { channel, id };
    setText(this.#about, "");
    this.#draw();
    this.#dialog.showModal();
    this.#ask();
  }

  /** Something about somebody has changed: if it is this one, the card follows. */
  refresh(id) {
    if (!this.#shown) return;
    this.#draw();
    if (id === this.#shown.id) this.#ask(); // a join tells of hundreds of people
  }

  get #who() {
    return this.#source.who(this.#shown.channel, this.#shown.id);
  }

  async #ask() {
    const shown = this.#shown;
    let words = "";
    try {
      words = (await this.#source.ask(shown.channel, shown.id)).about;
    } catch (error) {
      words = say("person.unknown", { reason: error.message });
    }
    if (shown !== this.#shown) return;
    setText(this.#about, words);
    this.#about.hidden = !words;
  }

  #draw() {
    const { id } = this.#shown;
    const who = this.#who;
    const isMe = id === this.#source.me();
    setText(byId("person-name"), isMe ? say("row.you", { name: who.name }) : who.name);
    if (this.#dialog.shown !== `${id} ${who.picture}`) {
      this.#dialog.shown = `${id} ${who.picture}`;
      byId("person-picture").replaceChildren(portrait(who));
      byId("person-identicon").replaceChildren(avatar(id));
    }
    byId("person-mark").hidden = !who.isVerified;
    byId("person-twin").hidden = !who.isTwin;
    setText(byId("person-print"), fingerprint(id));
    setText(byId("person-hint"), say(isMe ? "person.hint.me" : who.isVerified ? "person.hint.verified" : "person.hint"));
    this.#edit.hidden = !isMe;
    for (const button of [this.#verify, this.#block]) button.hidden = isMe;
    setText(this.#verify, say(who.isVerified ? "person.unverify" : "person.verify"));
    setText(this.#block, say(this.#source.isBlocked(id) ? "person.unblock" : "person.block"));
  }
}
