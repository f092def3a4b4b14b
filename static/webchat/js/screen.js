/**
 * The page as the application sees it: which views there are, and what is drawn when something changed.
 */

import { UNREAD_NOTHING } from "./channels.js";
import { systemClock } from "./clock.js";
import { Heard } from "./heard.js";
import { keyActions } from "./keyactions.js";
import { leave, leftWords } from "./leaving.js";
import { limits } from "./limits.js";
import { beginningOf } from "./quoting.js";
import { countWords } from "./reading.js";
import { unsentWords } from "./rowwords.js";
import { askBeforeSigningOut } from "./signingout.js";
import { codedError, say } from "./strings.js";
import { isEmpty, subtitle } from "./subtitle.js";
import { Announcer } from "./view/announcer.js";
import { AskCard } from "./view/askcard.js";
import { ChannelHealthView } from "./view/channelhealth.js";
import { ComposerView } from "./view/composer.js";
import { byId, oncePerFrame, setText } from "./view/dom.js";
import { offerInviteLink } from "./view/invitelink.js";
import { JoinCard } from "./view/joincard.js";
import { listenToKeys } from "./view/keys.js";
import { OutboxCard } from "./view/outboxcard.js";
import { ReceiptCard } from "./view/receiptcard.js";
import { SidebarView } from "./view/sidebar.js";
import { StatusView } from "./view/status.js";
import { TimelineView } from "./view/timeline.js";
import { Toast } from "./view/toast.js";
import { RowToolbar } from "./view/toolbar.js";

const WAITING_TICK_MS = 1000;
const NO_CHANNEL = Object.freeze({ older: "none", names: new Map(), join: null, ...UNREAD_NOTHING });

export class Screen {
  announcer = new Announcer();
  #heard = new Heard(this.announcer);
  #channelHealth = new ChannelHealthView(this.announcer);
  #app;
  #keeping = 0;
  #isGreeted = false;

  constructor(app) {
    this.#app = app;
    const now_ms = systemClock.now;
    this.status = new StatusView(now_ms, { tryNow: () => app.connection.tryNow(), reload: () => window.location.reload() });
    this.joinCard = new JoinCard(now_ms);
    this.toast = new Toast(() => this.focusComposer());
    this.composer = new ComposerView(this.#composerSource());
    this.sidebar = new SidebarView({
      channels: () => app.channels?.all ?? [],
      current: () => app.current,
      healthOf: (name) => app.channels.healthOf(name),
      open: (name) => app.open(name),
      join: (name) => app.join(name),
    });
    this.timeline = new TimelineView(this.#timelineSource(now_ms));
    this.receipts = new ReceiptCard({
      now_ms,
      nameOf: (channel, id) => app.nameIn(channel, id),
      who: (channel, id) => app.persons.who(channel, id),
    });
    this.toolbar = new RowToolbar((id) => app.messages.row(id));
    this.askCard = new AskCard();
    this.outboxCard = new OutboxCard({
      now_ms,
      unsent: () => app.messages?.unsent ?? [],
      wordsOf: (entry) => unsentWords(entry, app.messages.row(entry.target), (each) => this.excerptOf(each)),
      act: (action, id) => app.acts.act(action, id),
      actOnAll: (action, rows) => app.acts.actOnAll(action, rows),
    });
    this.#drawHead = oncePerFrame(() => this.#head());
    this.rowListener = {
      changed: (row, from) => this.#rowChanged(row, from),
      removed: (row) => {
        this.#rowsChanged(row.own);
        this.outboxCard.redraw();
      },
      changeTold: (change, from) => this.#changeTold(change, from),
    };
    askBeforeSigningOut(app, byId("sign-out"));
    byId("leave").addEventListener("click", () => leave(app, app.current));
    offerInviteLink({
      origin: window.location.origin,
      current: () => app.current,
      copy: (text) => navigator.clipboard.writeText(text),
      toast: this.toast,
      go: (address) => window.location.assign(address),
      ...app.page.inviting,
    });
    byId("edit-profile").addEventListener("click", () => app.persons.edit());
    byId("open-default").addEventListener("click", () => app.join(app.page.channel));
    listenToKeys(keyActions(app, this));
    document.addEventListener("visibilitychange", () => this.timeline.redraw());
    setInterval(() => this.#tickWaiting(), WAITING_TICK_MS);
  }

  #drawHead;

  /** Whether the page may say that nobody has written in this channel; there may be none of that name. */
  #isEmpty(name) {
    const channel = this.#app.channels.get(name);
    return channel !== undefined && isEmpty(channel, this.#app.messages.rows(name), this.#isGreeted);
  }

  #timelineSource(now_ms) {
    const app = this.#app;
    return {
      now_ms,
      rows: (name) => app.messages.rows(name),
      channel: (name) => app.channels.get(name) ?? NO_CHANNEL,
      isEmpty: (name) => this.#isEmpty(name),
      who: (row) => app.persons.who(row.channel, app.authorOf(row), row.name),
      olderWanted: () => app.connection.isOpen && app.channels.isReady(app.current) && app.loadOlder(app.current),
      seen: (order) => this.#seen(order),
      near: (rows) => app.near(rows),
      around: (row) => ({ people: this.peopleOf(row.channel), answered: app.messages.row(row.reply_to), files: app.sharing.filesOf(row) }),
      act: (action, id, button) => app.acts.act(action, id, button),
      fillGap: (id) => app.fillGap(id),
    };
  }

  #composerSource() {
    const app = this.#app;
    return {
      send: (channel, text, about) => app.acts.send(channel, text, about),
      drafts: app.memory,
      max_bytes: limits.text_bytes,
      names: (channel) => (app.channels?.get(channel) ?? NO_CHANNEL).names,
      me: () => app.me.id,
      who: (channel, id) => app.persons.who(channel, id),
      lastOwn: (channel) => app.acts.lastOwn(channel),
      nameOf: (row) => app.nameOf(row),
      excerptOf: (row) => this.excerptOf(row),
    };
  }

  /** The people of a channel as those see them who draw messages: `me`, `nameOf(id)`, `isBlocked(id)`. */
  peopleOf(channel) {
    const { me } = this.#app;
    const { beside } = this.#app;
    return { me: me.id, nameOf: (id) => this.#app.nameIn(channel, id), isBlocked: (id) => beside.isBlocked(id) };
  }

  /** The beginning of what a message says, with people's names; of a file its name. */
  excerptOf(message) {
    return beginningOf(message, this.peopleOf(message.channel));
  }

  /** The scripts listen: what is filled in from now on is not lost. */
  ready(isVolatile) {
    byId("volatile").hidden = !isVolatile;
    setText(byId("volatile"), say("composer.volatile"));
    this.toast.takeOver(byId("messages"));
    byId("join-fields").disabled = false;
    byId("open-default").disabled = false;
    if (this.#app.current === null) this.sidebar.focusField();
  }

  /** The node has told which channels there are. */
  greeted() {
    this.#isGreeted = true;
    this.#drawHead();
    byId("welcome").hidden = this.#app.current !== null;
  }

  /** Show a channel; null: the welcome, once it is known that there is none. */
  show(name) {
    byId("welcome").hidden = name !== null || !this.#isGreeted;
    byId("conversation").hidden = name === null;
    byId("leave").hidden = name === null;
    byId("copy-link").hidden = name === null;
    this.composer.show(name);
    this.timeline.show(name);
    this.sidebar.setOpen(false);
    this.sidebar.redraw();
    this.joinCard.draw(this.#app.channels.get(name));
    this.#head();
    this.#busy(); // of the one before: each has its own
    if (name !== null) this.composer.focus();
  }

  /**
   * A channel was left, which is shown and read out; the focus must not stay on what is gone. `isSurprise`: by another
   * page, while somebody may be typing here: the next keys must not get into another channel's message.
   */
  left(channel, isSurprise = false) {
    this.toast.tell(leftWords(this.#app, channel));
    if (this.#app.current === null) this.sidebar.focusField();
    else if (isSurprise) byId("timeline").focus();
  }

  showMe(me) {
    this.sidebar.showMe(me);
  }

  channelChanged(channel) {
    this.sidebar.redraw();
    this.#drawHead();
    if (channel.name !== this.#app.current) return;
    this.#app.beside.healthChanged();
    this.joinCard.draw(this.#app.channels.get(channel.name));
    this.timeline.redraw();
  }

  /** Whether somebody has the channel's newest messages before their eyes. */
  isReading(name) {
    return name === this.#app.current && this.timeline.isAtBottom && this.#app.isLookedAt;
  }

  /** A message is being written to the disk (+1), or is written (-1). */
  keeping(by) {
    this.#keeping += by;
    this.#busy();
  }

  notKept(channel, text, error, about) {
    this.composer.restore(channel, text, about);
    this.trouble(codedError(error, "OUTBOX_UNWRITABLE"));
  }

  rewrite = (channel, text, about) => this.composer.restore(channel, text, about);

  /** Something was discarded: `undo` brings it back, `over` is called once nobody can any more. */
  discarded(words, undo, over) {
    this.#heard.discarded(words);
    this.toast.offer(words, say("undo.action"), undo, over);
  }

  focusRow(id) {
    this.timeline.redraw();
    requestAnimationFrame(() => this.timeline.focusRow(id));
  }

  focusComposer() {
    if (this.#app.current !== null) this.composer.focus();
  }

  toBottom = () => this.timeline.toBottom();

  trouble(error) {
    this.toast.trouble(error);
  }

  joinRefused(error) {
    this.sidebar.showError(`${error.message}. ${error.remedy ?? ""}`);
    this.sidebar.focusField();
  }

  #seen(order) {
    const { current, messages, reading, isLookedAt } = this.#app;
    if (isLookedAt) reading.seen(current, order, messages.rows(current));
  }

  #rowChanged(row, from) {
    this.receipts.changed(row);
    if (row.own) this.outboxCard.redraw();
    if (row.channel === this.#app.current) this.#rowsChanged(row.own);
    this.#heard.row(row, from);
  }

  #changeTold(change, from) {
    this.outboxCard.redraw();
    this.#heard.change(change, from);
  }

  #rowsChanged(isOwn) {
    this.timeline.redraw();
    this.toolbar.refresh();
    this.#drawHead();
    if (isOwn) this.#busy();
  }

  #busy() {
    const { current, messages } = this.#app;
    this.composer.setBusy(this.#keeping > 0 || messages.isHandingOver(current));
  }

  /** Title, subtitle, and what an empty channel says. */
  #head() {
    const { current, channels, messages } = this.#app;
    const channel = channels.get(current) ?? NO_CHANNEL;
    setText(byId("channel-title"), current ?? "Starling");
    const health = channels.healthOf(current);
    setText(byId("channel-subtitle"), current === null ? "" : subtitle(channel, messages.rows(current), this.#isGreeted, health));
    this.#channelHealth.draw(current, health);
    byId("leave").setAttribute("aria-label", say("channels.leave", { channel: current ?? "" }));
    byId("empty").hidden = !this.#isEmpty(current);
    setText(byId("empty-title"), say("timeline.empty.title", { channel: current ?? "" }));
    setText(byId("empty-text"), say("timeline.empty.text"));
    const n = channels.all.reduce((sum, each) => sum + each.unread, 0);
    document.title = say(n ? "title.unread" : "title", { n: countWords(n), channel: current ?? "" }).replace(/^ · /, "");
  }

  #tickWaiting() {
    const { current, messages } = this.#app;
    if (messages.rows(current).some((row) => row.phase === "waiting")) this.timeline.redraw();
  }
}
