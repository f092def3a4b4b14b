/**
 * Puts the parts together: what comes from the node goes to the models, what people do goes to the
 * outbox and the node, and whatever changed is drawn in the next frame.
 */

import { Beside } from "./beside.js";
import { Channels } from "./channels.js";
import { systemClock } from "./clock.js";
import { Connection } from "./connection.js";
import { Freshening } from "./freshening.js";
import { ROWS_AWAY_MAX, ROWS_MAX, trimmed } from "./holding.js";
import { Keeping } from "./keeping.js";
import { BrowserMark, PageMemory } from "./memory.js";
import { MessageActs } from "./messageacts.js";
import { nodeReports } from "./nodereports.js";
import { Notifying } from "./notifying.js";
import { OptimisticUIManager } from "./optimistic.js";
import { Outbox } from "./outbox.js";
import { openOutboxStore } from "./outbox_store.js";
import { outboxReports } from "./outboxreports.js";
import { HistoryPages } from "./pages.js";
import { Persons } from "./persons.js";
import { Reading } from "./reading.js";
import { Screen } from "./screen.js";
import { Seen } from "./seen.js";
import { Sharing } from "./sharing.js";
import { loadAgain, Staying } from "./staying.js";
import { say } from "./strings.js";
import { Tabs } from "./tabs.js";
import { Told } from "./told.js";
import { WantedChannels } from "./wanted.js";

const VIEWS = { Beside, Persons, Screen, Sharing };

export class App {
  /** The channel of a link on another site, until its reader is asked. */
  #asked = null;

  /** `page` is what the server put into the page: user, websocket, channel, join, asks, limits, inviting; `views`: the classes of what draws. */
  constructor(page, views = VIEWS) {
    this.page = page;
    this.memory = new PageMemory(page.user.id, window.localStorage);
    this.me = { id: this.memory.get("node") ?? "", name: this.memory.get("name") ?? page.user.name };
    this.current = null;
    this.wanted = new WantedChannels(this.memory);
    this.leaving = new Map(); // channel -> how much of it is discarded
    this.acts = new MessageActs(this);
    this.screen = new views.Screen(this);
    this.messages = new OptimisticUIManager(systemClock, this.screen.rowListener);
    this.channels = new Channels(systemClock, this.memory, {
      channelChanged: (channel) => this.#channelChanged(channel),
    });
    this.reading = new Reading({
      channels: this.channels,
      request: (frame) => this.connection.request(frame),
      clock: systemClock,
      me: () => this.me.id,
      isBlocked: (id) => this.beside.isBlocked(id),
    });
    this.pages = new HistoryPages(this);
    this.freshening = new Freshening({
      load: (channel, before) => this.pages.page(channel, before),
      isOpen: () => this.connection.isOpen,
      clock: systemClock,
      again: () => this.screen.timeline.redraw(),
    });
    const reports = nodeReports(this);
    const welcome = (frame) => {
      reports.welcome(frame);
      this.#ask();
    };
    const address = new URL(page.websocket, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.connection = new Connection({
      makeSocket: () => new WebSocket(address),
      clock: systemClock,
      random: Math.random,
      listener: { ...reports, welcome },
      isOurs: ({ user }) => (user.id ?? page.user.id) === page.user.id, // none: of a server before the update
    });
    this.staying = new Staying({
      clock: systemClock,
      load: () => loadAgain("/"),
      isOpen: () => this.connection.isOpen,
    });
    this.notifying = this.#makeNotifying();
    this.beside = new views.Beside(this);
    this.persons = new views.Persons(this);
    this.sharing = new views.Sharing(this);
  }

  #makeNotifying() {
    return new Notifying({
      memory: this.memory,
      system: window.Notification,
      seen: new Seen(`starling-seen-${this.page.user.id}`, document),
      told: new Told(`starling-told-${this.page.user.id}`),
      me: () => this.me.id,
      isBlocked: (id) => this.beside.isBlocked(id),
      wordsOf: (message) => this.screen.excerptOf(message),
      nameOf: (message) => this.nameOf(message),
      suggest: (act) => this.screen.toast.suggest(say("notify.suggest"), say("notify.allow"), act),
      open: (channel) => {
        window.focus();
        if (this.channels.get(channel)) this.open(channel);
      },
    });
  }

  /** Show what earlier pages knew and what the outbox holds, then connect. */
  async start() {
    const keeping = new Keeping(new BrowserMark("keeping asked", window.localStorage));
    const store = await openOutboxStore(this.page.user.id, () => keeping.ask());
    this.outbox = new Outbox({
      store,
      request: (frame) => this.connection.request(frame),
      clock: systemClock,
      tabs: new Tabs(`starling-outbox-${this.page.user.id}`),
      listener: outboxReports(this),
    });
    if (this.me.id) this.screen.showMe(this.me); // the picture comes with the node's welcome
    for (const name of this.wanted) this.channels.joining(name);
    this.channels.recall();
    await this.outbox.start();
    this.openFirst();
    if (this.page.join) this.#follow(this.page.join);
    this.screen.ready(store.volatile);
    window.addEventListener("online", () => this.connection.isEnded || this.connection.tryNow());
    window.addEventListener("offline", () => this.connection.interrupted("link.offline"));
    window.addEventListener("beforeunload", (event) => this.#isLosing && event.preventDefault());
    this.#listenForWaking();
    this.connection.tryNow();
  }

  /** Whether something would be lost with the page. */
  get #isLosing() {
    return this.sharing.isLosing() || this.outbox.isLosing;
  }

  #listenForWaking() {
    const look = () => {
      if (!this.isLookedAt) return;
      this.staying.used();
      this.connection.woken();
      this.outbox.woken();
    };
    for (const event of ["visibilitychange", "resume"]) document.addEventListener(event, look);
    window.addEventListener("pageshow", look);
    for (const event of ["keydown", "pointerdown"]) document.addEventListener(event, () => this.staying.used(), { passive: true });
  }

  /** Whether the page is before somebody's eyes, and not behind another tab. */
  get isLookedAt() {
    return !document.hidden;
  }

  // What people do

  open(name) {
    const before = this.current;
    this.current = name;
    if (before !== name && this.channels.get(before)) this.#putAway(before);
    if (name) this.memory.set("channel", name);
    this.screen.show(name);
    this.beside.shown(name);
    this.sharing.shown();
  }

  #putAway(name) {
    this.reading.putAway(name);
    this.trim(name);
  }

  /** The channel that was open last time; otherwise any. */
  openFirst() {
    if (this.channels.get(this.current)) return;
    const first = this.channels.get(this.memory.get("channel")) ?? this.channels.all[0];
    this.open(first?.name ?? null);
  }

  /** The page was opened by a link to a channel; a reload is no second click on it. */
  #follow(name) {
    window.history.replaceState(null, "", "/");
    if (this.page.asks && !this.channels.get(name)) this.#asked = name;
    else this.join(name);
  }

  /** The node has told which channels there are: ask whether to join that of another site's link. */
  async #ask() {
    const channel = this.#asked;
    this.#asked = null;
    if (channel === null) return;
    if (this.channels.get(channel) || (await this.screen.askCard.ask("follow", { channel }))) this.join(channel);
  }

  /** Join, or go to a channel that is joined already. */
  async join(name) {
    const isNew = !this.channels.get(name) || this.channels.isRefused(name);
    this.channels.joining(name);
    this.open(name);
    if (isNew) await this.askToJoin(name);
  }

  /** Ask the node, now or as soon as there is a connection. */
  async askToJoin(name) {
    try {
      await this.wanted.ask(name, (frame) => this.connection.request(frame));
    } catch (error) {
      this.close(name);
      this.screen.joinRefused(error);
    }
  }

  /** The channel is gone; show another one. */
  close(name) {
    this.channels.left(name);
    this.messages.forget(name);
    this.channels.remember();
    this.openFirst();
  }

  /** The page before the oldest message that is here. */
  loadOlder(name) {
    return this.pages.loadOlder(name);
  }

  /** What the node held of the channel before it was joined. */
  loadNewest(name) {
    return this.pages.loadNewest(name);
  }

  /** The page that ends with this place in the order; false when it can't be had. */
  loadAround(name, order) {
    return this.pages.loadAround(name, order);
  }

  /** What may be missing before a row. */
  fillGap(id) {
    return this.pages.fillGap(id);
  }

  /** Rows are in sight or near it: what may be old of them is asked for again. */
  near(rows) {
    this.freshening.near(rows);
    this.sharing.near(rows);
  }

  /** Hold no more of a channel than a page should. */
  trim(name) {
    const isShown = name === this.current;
    const at = isShown ? this.screen.timeline.topId : null;
    if (trimmed(this.messages, name, isShown ? ROWS_MAX : ROWS_AWAY_MAX, at)) this.channels.setOlder(name, "idle");
  }

  // What changed

  #channelChanged(channel) {
    const { name } = channel;
    if (this.channels.get(name)) this.messages.setReady(name, this.channels.isReady(name));
    this.screen.channelChanged(channel);
  }

  /** A message says what its author is called, also where no word on the name alone has come. */
  learnName({ channel, author, name }) {
    const names = this.channels.get(channel)?.names;
    if (name && names && !names.has(author)) this.channels.named({ channel, author, name });
  }

  /** The name of a row's author, as far as it is known. */
  nameOf(row) {
    return this.persons.label(row.channel, this.authorOf(row), row.name);
  }

  /** Whose row it is. */
  authorOf(row) {
    return row.own ? this.me.id : row.author;
  }

  /** What a node is called in a channel. */
  nameIn(channel, id, fallback = "") {
    return this.persons.label(channel, id, fallback);
  }
}
