/**
 * What stands beside the conversation: people, search, the channel as a file and what is told of it, who is
 * writing, and whom one does not want to hear.
 */

import { systemClock } from "./clock.js";
import { say } from "./strings.js";
import { Typing } from "./typing.js";
import { AboutView } from "./view/about.js";
import { byId, setText } from "./view/dom.js";
import { MembersView } from "./view/members.js";
import { Panel } from "./view/panel.js";
import { SearchView } from "./view/search.js";

const FOUND_LIMIT = 20;

export class Beside {
  #app;
  #blocked = new Set();
  #members;
  #search;
  #about;
  #panel;

  constructor(app) {
    this.#app = app;
    this.typing = new Typing(systemClock, {
      tell: (channel) => this.#hint(channel),
      changed: (channel) => channel === app.current && this.#drawWriters(),
    });
    this.#members = new MembersView({
      ask: (channel) => app.connection.request({ type: "channel.members", channel }),
      me: () => app.me.id,
      isBlocked: (id) => this.#blocked.has(id),
      block: (id, on) => this.#block(id, on),
      who: (id, name) => app.persons.who(app.current, id, name),
      open: (id) => app.persons.open(app.current, id),
    });
    this.#search = new SearchView({
      search: (channel, words, before) =>
        app.connection.request({ type: "search", channel, words, before, limit: FOUND_LIMIT }),
      people: (channel) => app.screen.peopleOf(channel),
      nameOf: (message) => app.nameOf(message),
      who: (message) => app.persons.who(message.channel, message.author, message.name),
      jump: (message) => this.#jump(message),
    });
    this.#about = new AboutView(app.notifying, (channel) => app.channels.healthOf(channel));
    this.#panel = new Panel({
      people: this.#view("people", this.#members, "members.title"),
      search: this.#view("search", this.#search, "search.title"),
      about: this.#view("about", this.#about, "about.title"),
    });
    byId("composer-text").addEventListener("input", (event) => {
      if (event.target.value.trim() && app.connection.isOpen) this.typing.typed(app.current);
    });
  }

  #view(name, view, title) {
    return {
      button: byId(`open-${name}`),
      body: byId(`panel-${name}`),
      title,
      opened: () => view.open(this.#app.current),
      closed: () => view.close(),
    };
  }

  /** Another channel is shown, or none. */
  shown(channel) {
    this.#panel.close();
    for (const name of ["people", "search", "about"]) byId(`open-${name}`).hidden = channel === null;
    this.#drawWriters();
  }

  /** Open what stands beside the conversation, or close it; without a conversation there is nothing. */
  toggle(name) {
    if (this.#app.current === null) return;
    if (this.#panel.shown === name) this.#panel.close();
    else this.#panel.enter(name);
  }

  /** Whether there was something to close. */
  close() {
    return this.#panel.close();
  }

  isBlocked(id) {
    return this.#blocked.has(id);
  }

  /** Whom the person does not want to hear, as the node keeps it. */
  setBlocked(ids) {
    this.#blocked = new Set(ids);
    this.#app.persons.changed();
  }

  /** Something about somebody is new. */
  peopleChanged() {
    this.#members.refresh();
    this.#search.refresh();
  }

  /** How the channel is may be something else now. */
  healthChanged() {
    this.#about.drawHealth();
  }

  async #block(node, on) {
    try {
      await this.#app.connection.request({ type: "person.block", node, on });
    } catch (error) {
      this.#app.screen.trouble(error);
    }
  }

  async #hint(channel) {
    try {
      await this.#app.connection.request({ type: "typing", channel });
    } catch {
      // A hint that can't be given is no loss, and nobody waits for it.
    }
  }

  #jump({ channel, id, order }) {
    this.#panel.uncover(byId("timeline"));
    return this.#app.acts.jump(channel, id, order);
  }

  #drawWriters() {
    const { current, persons } = this.#app;
    const ids = current === null ? [] : this.typing.writers(current).filter((id) => !this.#blocked.has(id));
    const names = ids.map((id) => persons.label(current, id));
    const several = { one: names[0], two: names[1], n: names.length };
    const key = ["", "writers.1", "writers.2"][names.length] ?? "writers.more";
    setText(byId("writers"), key ? say(key, several) : "");
  }
}
