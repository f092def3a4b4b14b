/**
 * Where people write: Enter sends or begins a line (`enterkey.js`), drafts stay with their channel.
 *
 * On sending the field is empty and focused at once; the button is disabled until the message has been
 * handed over. Enter works meanwhile too: the outbox keeps the order. What is written may answer a message
 * or replace an own one (`#about`), which stays with its channel as well; Escape ends that. Mentions are kept and sent as `<@node id>` and shown
 * as names (`mentions.js`).
 */

import { Contexts } from "../contexts.js";
import { fromWire, peopleOf, toWire } from "../mentions.js";
import { say } from "../strings.js";
import { measured } from "../textlimit.js";
import { MentionList } from "./completion.js";
import { byId, setAttribute, setText } from "./dom.js";
import { EnterKey } from "./enterkey.js";

export class ComposerView {
  #form = byId("composer");
  #label = byId("composer-label");
  #text = byId("composer-text");
  #note = byId("composer-note");
  #button = byId("send");
  #enter = new EnterKey(this.#text);
  #source;
  #contexts;
  #mentions;
  #chosen = new Map();
  #channel = null;
  #about = null;
  #isBusy = false;

  /**
   * `source`: `send(channel, text, about)`, `drafts` (`get(key)`, `set(key, value)`), `max_bytes`,
   * `names(channel)` (node id to name), `me()`, `who(channel, id)`, `lastOwn(channel)`, `nameOf(row)`, `excerptOf(row)`.
   */
  constructor(source) {
    this.#source = source;
    this.#contexts = new Contexts(source.drafts);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.#edited());
    byId("about-end").addEventListener("click", () => this.#endAbout());
    const who = (id) => source.who(this.#channel, id);
    this.#mentions = new MentionList(this.#text, {
      people: () => peopleOf(source.names(this.#channel), source.me(), (id) => who(id).isVerified),
      who,
      take: (...taken) => this.#mention(...taken),
    });
  }

  /** Write to another channel; null: to none. */
  show(channel) {
    this.#channel = channel;
    this.#form.hidden = channel === null;
    const kept = channel === null ? null : this.#contexts.get(channel);
    this.#showAbout(kept);
    if (channel === null) return;
    setText(this.#label, say("composer.label", { channel }));
    this.#put(kept?.kind === "edit" ? kept.text : this.#draft);
  }

  focus() {
    this.#text.focus();
  }

  /** A message is being handed over to the node. */
  setBusy(isBusy) {
    this.#isBusy = isBusy;
    this.#able();
  }

  /** Put a text back, before what has been written since; an edit, and what it answers, as that. */
  restore(channel, text, about = null) {
    if (about) this.#contexts.set(channel, about, about.kind === "edit" ? text : "");
    if (about?.kind === "edit") {
      if (channel === this.#channel) this.show(channel);
      return;
    }
    const key = `draft ${channel}`;
    if (channel === this.#channel) this.#endAbout();
    if (about && channel === this.#channel) this.#setAbout(about);
    const draft = this.#source.drafts.get(key) ?? "";
    const both = draft ? `${text}\n${draft}` : text;
    this.#source.drafts.set(key, both);
    if (channel !== this.#channel) return;
    this.#put(both);
    this.focus();
  }

  /** What is written from now on answers a message; the draft stays. */
  reply(row) {
    if (this.#about?.kind === "edit") this.#endAbout();
    this.#setAbout({ kind: "reply", row });
    this.focus();
  }

  /** Write an own message anew; the draft waits meanwhile. */
  revise(row) {
    this.#setAbout({ kind: "edit", row });
    this.#put(row.text);
    this.focus();
  }

  get #draftKey() {
    return `draft ${this.#channel}`;
  }

  get #draft() {
    return this.#source.drafts.get(this.#draftKey) ?? "";
  }

  #endAbout() {
    const kind = this.#about?.kind;
    this.#setAbout(null);
    if (kind === "edit") this.#put(this.#draft);
    this.focus();
  }

  #setAbout(about) {
    this.#contexts.set(this.#channel, about, about?.kind === "edit" ? about.row.text : "");
    this.#showAbout(about);
  }

  #showAbout(about) {
    this.#about = about;
    byId("about").hidden = about === null;
    setAttribute(this.#form, "data-about", about?.kind);
    if (about === null) return;
    const { kind, row } = about;
    const isKnown = kind === "edit" || row.author || row.own;
    setText(byId("about-title"), isKnown ? say(`context.${kind}`, { name: this.#source.nameOf(row) }) : say("quote.earlier"));
    setText(byId("about-text"), this.#source.excerptOf(row));
    setAttribute(byId("about-end"), "aria-label", say(`context.end.${kind}`));
  }

  /** Show a text of the wire form. */
  #put(wire) {
    const { text, chosen } = fromWire(wire, this.#source.names(this.#channel));
    this.#chosen = chosen;
    this.#text.value = text;
    this.#edited();
    this.#mentions.close();
  }

  #mention(person, from, to) {
    this.#chosen.set(person.label, person.id);
    this.#text.setRangeText(`${person.label} `, from, to, "end");
    this.#edited();
  }

  get #wire() {
    return toWire(this.#text.value, this.#chosen);
  }

  #key(event) {
    if (this.#mentions.key(event)) return;
    if (event.key === "Escape" && this.#about) this.#endAbout();
    else if (event.key === "ArrowUp" && !this.#text.value && !this.#about) {
      const row = this.#source.lastOwn(this.#channel);
      if (!row) return;
      this.revise(row);
    } else if (this.#enter.sends(event)) this.#submit();
    else return;
    event.preventDefault();
  }

  #submit() {
    const text = this.#wire;
    const about = this.#about;
    this.focus();
    if (!text.trim() || measured(text, this.#source.max_bytes).isOver) return;
    if (about?.kind === "edit") this.#endAbout();
    else {
      this.#setAbout(null);
      this.#put("");
    }
    if (about?.kind !== "edit" || text !== about.row.text) this.#source.send(this.#channel, text, about);
  }

  #edited() {
    const wire = this.#wire;
    if (this.#about?.kind === "edit") this.#contexts.set(this.#channel, this.#about, wire);
    else this.#source.drafts.set(this.#draftKey, wire);
    this.#grow();
    const { left, isOver, isNear } = measured(wire, this.#source.max_bytes);
    const words = isOver ? say("composer.long", { n: -left }) : isNear ? say("composer.left", { n: left }) : "";
    setText(this.#note, words);
    this.#note.hidden = !words;
    this.#note.classList.toggle("is-error", isOver);
    this.#text.setAttribute("aria-invalid", String(isOver));
    this.#able();
    this.#mentions.update();
  }

  #able() {
    this.#button.disabled = this.#isBusy || measured(this.#wire, this.#source.max_bytes).isOver;
  }

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
