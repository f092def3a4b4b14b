/** A page without anything to see: the real modules between the socket and the rows, put together as `App` does. */

import { Channels } from "../../static/webchat/js/channels.js";
import { Connection } from "../../static/webchat/js/connection.js";
import { Freshening } from "../../static/webchat/js/freshening.js";
import { paged } from "../../static/webchat/js/holding.js";
import { MessageActs } from "../../static/webchat/js/messageacts.js";
import { nodeReports } from "../../static/webchat/js/nodereports.js";
import { OptimisticUIManager } from "../../static/webchat/js/optimistic.js";
import { Outbox } from "../../static/webchat/js/outbox.js";
import { outboxReports } from "../../static/webchat/js/outboxreports.js";
import { Reading } from "../../static/webchat/js/reading.js";
import { WantedChannels } from "../../static/webchat/js/wanted.js";

const nothing = () => {};
const aloneTab = () => ({ tell: nothing, lead: (begin) => begin(), resign: nothing });
const quiet = (...names) => Object.fromEntries(names.map((name) => [name, nothing]));

export class PageDouble {
  me = { id: "", name: "Ann" };
  current = null;
  leaving = new Map();
  notifying = quiet("arrived");
  sharing = quiet("setLinked");
  persons = quiet("setProfile", "setVerified", "changed");
  beside = { typing: quiet("wrote", "heard"), setBlocked: nothing, isBlocked: () => false };
  screen = {
    ...quiet("trouble", "greeted", "left", "keeping", "toBottom", "notKept", "discarded", "focusComposer", "focusRow", "joinRefused"),
    askCard: { ask: async () => true },
    status: quiet("setLink", "setNode"),
    timeline: quiet("startAtLine", "redraw"),
    isReading: () => false,
  };

  /** `memory` is what the browser keeps between pages, `listener` as that of `OptimisticUIManager`. */
  constructor({ store, memory, clock, makeSocket, listener }) {
    this.memory = { get: (key) => memory.get(key) ?? null, set: (key, value) => memory.set(key, value || null) };
    this.wanted = new WantedChannels(this.memory);
    this.messages = new OptimisticUIManager(clock, listener);
    this.channels = new Channels(clock, this.memory, {
      channelChanged: ({ name }) => this.channels.get(name) && this.messages.setReady(name, this.channels.isReady(name)),
    });
    const request = (frame) => this.connection.request(frame);
    this.reading = new Reading({ channels: this.channels, request, clock, me: () => this.me.id, isBlocked: (id) => this.beside.isBlocked(id) });
    this.connection = new Connection({ makeSocket, clock, random: () => 0.5, listener: nodeReports(this) });
    this.outbox = new Outbox({ store, request, clock, tabs: aloneTab(), listener: outboxReports(this) });
    this.acts = new MessageActs(this);
    this.freshening = new Freshening({
      load: (channel, before) => this.#page(channel, before),
      isOpen: () => this.connection.isOpen,
      clock,
      again: nothing,
    });
  }

  async start() {
    for (const name of this.wanted) this.channels.joining(name);
    this.channels.recall();
    await this.outbox.start();
    this.connection.tryNow();
  }

  openFirst() {
    this.current ??= this.channels.all[0]?.name ?? null;
  }

  askToJoin(name) {
    return this.wanted.ask(name, (frame) => this.connection.request(frame));
  }

  async join(name) {
    this.channels.joining(name);
    await this.askToJoin(name);
  }

  async loadNewest(name) {
    await this.#page(name, null).catch(nothing);
  }

  async loadOlder(name) {
    await this.#page(name, this.messages.rows(name)[0].order);
  }

  async #page(channel, before) {
    const frame = { type: "history.page", channel, before, limit: 100 };
    const page = await this.connection.request(frame);
    paged(this.messages, channel, before, page.messages, page.more);
  }

  learnName() {}

  trim() {}
}
