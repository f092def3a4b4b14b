/**
 * People as a page shows them: their names, pictures and marks, the card about one, and the own profile.
 *
 * Where two are called alike the picture gives way to the identicon, with the beginning of the fingerprint
 * beside the name: anybody can copy a name and a picture, nobody a key.
 */

import { shortPrint } from "./naming.js";
import { say } from "./strings.js";
import { PersonCard } from "./view/personcard.js";
import { ProfileForm } from "./view/profileform.js";

export class Persons {
  #app;
  #verified = new Set();
  #profile = { name: "", about: "", picture: "" };
  #card;
  #form;

  constructor(app) {
    this.#app = app;
    this.#form = new ProfileForm({
      save: (fields) => app.connection.request({ type: "profile.set", ...fields }),
      saved: () => app.screen.toast.tell(say("profile.saved")),
      me: () => app.me.id,
    });
    this.#card = new PersonCard({
      who: (channel, id) => this.who(channel, id),
      me: () => app.me.id,
      ask: (channel, node) => app.connection.request({ type: "person", channel, node }),
      verify: (node, on) => this.#ask({ type: "person.verify", node, on }),
      isBlocked: (id) => app.beside.isBlocked(id),
      block: (node, on) => this.#ask({ type: "person.block", node, on }),
      edit: () => this.edit(),
    });
  }

  /** `{id, name, isTwin, isVerified, picture}` of a node in a channel; `fallback` is its name if no other is known. */
  who(channel, id, fallback = "") {
    const { channels, me } = this.#app;
    const isMe = id === me.id;
    const isTwin = channels.isTwin(channel, id);
    const picture = isMe ? this.#profile.picture : channels.get(channel)?.pictures.get(id);
    return {
      id,
      name: this.#nameOf(channel, id) || fallback || say("name.unknown", { id: shortPrint(id) }),
      isTwin,
      isVerified: this.#verified.has(id),
      picture: isTwin ? "" : (picture ?? ""),
    };
  }

  /** What somebody is called in a line of other words. */
  label(channel, id, fallback = "") {
    const { name, isTwin } = this.who(channel, id, fallback);
    return isTwin ? say("name.twin", { name, id: shortPrint(id) }) : name;
  }

  #nameOf(channel, id) {
    const { channels, me } = this.#app;
    return id === me.id ? me.name : channels.get(channel)?.names.get(id);
  }

  /** The card about somebody. */
  open(channel, id) {
    this.#card.open(channel, id);
  }

  /** The form about oneself. */
  edit() {
    this.#form.open(this.#profile);
  }

  /** Whose fingerprints were compared, as the node keeps it. */
  setVerified(ids) {
    this.#verified = new Set(ids);
    this.changed();
  }

  /** What the own node says of its person. */
  setProfile({ name, about, picture }) {
    this.#profile = { name, about, picture };
    this.#app.me.name = name || this.#app.page.user.name;
    this.#app.memory.set("name", this.#app.me.name);
    this.#app.screen.showMe({ ...this.#app.me, picture });
    this.changed(this.#app.me.id);
  }

  /** Something is new: what a node has said of itself, or marks that the reader sets (no `id`). */
  changed(id = null) {
    this.#card.refresh(id);
    this.#app.beside.peopleChanged();
    this.#app.screen.timeline.redraw();
  }

  async #ask(frame) {
    try {
      await this.#app.connection.request(frame);
    } catch (error) {
      this.#app.screen.trouble(error);
    }
  }
}
