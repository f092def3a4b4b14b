/**
 * A user's node behind its server, as docs/api.md has them: what it accepts it keeps, the same id is the same
 * message, and all that happens is one numbered stream of events. Nothing of the browser modules is in it.
 *
 * The network is `step()`: everything own gets one stage further with each, from pending to delivered. So does a
 * join: a membership is written down with the next step, and answered then, as is what was said meanwhile.
 */

export const ME = "aa";
export const BOB = "bb";
const INITIATORS = 5;
const OTHERS = 2;
const SAYS = { "message.send": "text", "message.edit": "edit", "message.delete": "delete", "reaction.set": "reaction" };
const NOTHING_READ = "000000";
const DONE = Object.freeze({ k: 3, n: OTHERS });
/** Why the network takes what is in `failing` no further. */
export const NO_QUORUM = Object.freeze({ code: "NO_QUORUM", message: "Too few", remedy: "Retry", retryable: true });

class ChannelDouble {
  log = new Map();
  changes = [];
  outbox = new Map();
  upto = "";
  isJoined = false;
  /** What waits while the membership is being written down; null: nobody has asked for it. */
  opening = null;
}

export class NodeDouble {
  channels = new Map();
  /** Ids in the order in which they were accepted; one that is there twice was taken for another message. */
  accepted = [];
  /** Texts that find no quorum until they are tried again, and how often the node takes no more for now. */
  failing = new Set();
  limited = 0;
  holdsEvents = true;
  /** Whose it is: what the browser's cookie says. */
  user = { id: 7, name: "ann" };
  /** Whether an answer overtakes the events that come of its question. */
  answersFirst = false;
  #epoch = 1;
  #events = [];
  #order = 0;
  #listeners = new Set();
  #isHolding = false;

  /** `say(frame)` is one socket's way to the page; returns what takes the page's frames, and what ends it. */
  attach(say) {
    const listener = { say, at: null };
    this.#listeners.add(listener);
    return {
      take: (frame) => {
        this.#isHolding = this.answersFirst;
        this.#take(listener, frame);
        this.#isHolding = false;
        this.#deliverAll();
      },
      end: () => this.#listeners.delete(listener),
    };
  }

  /** A new life of the process: what was accepted is there, the numbers of the old stream mean nothing. */
  restart() {
    this.#epoch += 1;
    this.#events = [];
    for (const channel of this.channels.values()) channel.opening = null; // nobody was told that it will be
  }

  channel(name) {
    if (!this.channels.has(name)) this.channels.set(name, new ChannelDouble());
    return this.channels.get(name);
  }

  /** The channel's messages as everybody sees them, oldest first. */
  messages(name) {
    return [...this.channel(name).log.values()].map((message) => this.#look(name, message));
  }

  read(name) {
    const { upto } = this.channel(name);
    if (!upto) return { channel: name, upto, unread: 0, mentions: 0 };
    const isNew = ({ own, order, deleted }) => !own && !deleted && order > upto;
    return { channel: name, upto, unread: this.messages(name).filter(isNew).length, mentions: 0 };
  }

  // What others do

  says(channel, id, text) {
    this.#emit({ type: "message", ...this.#write(channel, { id, text, author: BOB }), history: false });
  }

  /** Another's edit, deletion or reaction; `change` as in an own one. */
  changes(channel, target, change) {
    this.#change(channel, { ...change, target, author: BOB, at_ms: Number(this.#nextOrder()) });
  }

  /** Another page of the same person leaves a channel. */
  leaves(name) {
    this.channels.delete(name);
    this.#emit({ type: "channel.left", channel: name });
  }

  /** What goes on in the network by itself. */
  step() {
    for (const [name, channel] of this.channels) if (channel.opening) this.#opened(name, channel);
    for (const channel of this.channels.values()) for (const state of channel.outbox.values()) this.#advance(state);
  }

  /** What the node still looks after, of all channels. */
  get unfinished() {
    const all = [...this.channels.values()].flatMap((channel) => [...channel.outbox.values()]);
    return all.filter((state) => state.delivered.n < DONE.n);
  }

  #advance(state) {
    if (state.state === "failed" || state.delivered.n === DONE.n) return;
    if (state.state === "pending" && this.failing.has(state.text)) {
      this.failing.delete(state.text);
      Object.assign(state, { state: "failed", error: NO_QUORUM });
    } else if (state.state === "pending") Object.assign(state, { state: "sent", stored: { k: DONE.k, of: INITIATORS, machines: 3 } });
    else Object.assign(state, { state: "delivered", delivered: { n: state.delivered.n + 1, m: OTHERS } });
    this.#emit({ type: "message.state", ...state });
  }

  // What the page asks

  #take(listener, frame) {
    const answer = (more) => listener.say({ type: "ok", ref: frame.ref, ...more });
    const kind = SAYS[frame.type];
    if (frame.type === "hello") this.#greet(listener, frame);
    else if (frame.type === "ping") answer({});
    else if (kind) this.#say(kind, frame, answer);
    else if (frame.type === "message.retry") this.#retry(frame, answer);
    else if (frame.type === "message.discard") this.#discard(frame, answer);
    else if (frame.type === "message.known") {
      if (this.accepted.includes(frame.id)) answer({});
      else answer({ type: "error", code: "MESSAGE_UNKNOWN", message: "Unknown", remedy: "", retryable: false });
    } else if (frame.type === "read.mark") this.#mark(frame, answer);
    else if (frame.type === "channel.join") this.#join(frame, answer);
    else if (frame.type === "history.page") {
      const before = this.messages(frame.channel).filter(({ order }) => !frame.before || order < frame.before);
      answer({ type: "history", channel: frame.channel, messages: before.slice(-frame.limit), more: before.length > frame.limit });
    } else answer({ type: "error", code: "BAD_FRAME", message: frame.type, remedy: "", retryable: false });
  }

  #greet(listener, { ref, cursor }) {
    const [epoch, number] = cursor?.split(":").map(Number) ?? [];
    const replayed = this.holdsEvents && epoch === this.#epoch && number <= this.#events.length;
    listener.at = replayed ? number : this.#events.length;
    const members = [...this.channels.keys()].filter((name) => this.channel(name).isJoined);
    const channels = members.map((name) => this.#snapshot(name, replayed));
    const mine = { blocked: [], verified: [], profile: { name: "Ann", about: "", picture: "" } };
    const node = { state: "online", peers: 4, reason: "", address: "127.0.0.1:1", node_id: ME };
    listener.say({ type: "welcome", ref, cursor: this.#cursor(listener.at), replayed, user: { ...this.user, is_staff: false }, node, channels, ...mine });
    this.#deliver(listener);
  }

  #snapshot(name, replayed) {
    const { isJoined, outbox } = this.channel(name);
    const fields = { name, joined: isJoined, outbox: [...outbox.values()], names: {}, pictures: {}, read: this.read(name) };
    return replayed ? fields : { ...fields, messages: this.messages(name).slice(-50) };
  }

  #say(kind, frame, answer) {
    const { channel, id, text = "", target = "", emoji = "", on = true, reply_to = "" } = frame;
    const { outbox, isJoined, opening } = this.channel(channel);
    if (opening) return opening.push(() => this.#say(kind, frame, answer));
    if (outbox.has(id)) return answer({ message: { ...outbox.get(id) } });
    if (!isJoined) return answer({ type: "error", code: "NOT_A_MEMBER", message: "Not joined", remedy: "Join", retryable: false });
    if (this.limited > 0) {
      this.limited -= 1;
      return answer({ type: "error", code: "RATE_LIMITED", message: "Slow", remedy: "Wait", retryable: true, retry_after: 1 });
    }
    this.accepted.push(id);
    const isText = kind === "text";
    const said = isText ? this.#write(channel, { id, text, author: ME, reply_to }) : { order: this.#nextOrder(), at_ms: this.#order };
    const progress = { state: "pending", stored: { k: 0, of: 0, machines: 0 }, delivered: { n: 0, m: 0 }, alone: false, unreachable: [], acks: [] };
    const about = { kind: reply_to ? "reply" : kind, target: reply_to || target, emoji, on, file: null };
    outbox.set(id, { id, channel, text, html: `<p>${text}</p>`, order: said.order, at_ms: said.at_ms, ...progress, ...about });
    if (!isText) this.#change(channel, { id, kind, text, target, emoji, on, author: ME, at_ms: said.at_ms });
    return answer({ message: { ...outbox.get(id) } });
  }

  #retry({ id }, answer) {
    const state = this.#stateOf(id);
    if (!state) return answer({ type: "error", code: "MESSAGE_UNKNOWN", message: "Unknown", remedy: "", retryable: false });
    if (state.state === "failed") {
      state.state = "pending";
      delete state.error;
      this.#emit({ type: "message.state", ...state });
    }
    return answer({ message: { ...state } });
  }

  #discard({ id }, answer) {
    const state = this.#stateOf(id);
    if (!state) return answer({ type: "error", code: "MESSAGE_UNKNOWN", message: "Unknown", remedy: "", retryable: false });
    const channel = this.channel(state.channel);
    channel.outbox.delete(id);
    channel.log.delete(id);
    const isChange = channel.changes.some((change) => change.id === id);
    channel.changes = channel.changes.filter((change) => change.id !== id);
    if (isChange) this.#tellLook(state.channel, state.target);
    this.#emit({ type: "message.discarded", id, channel: state.channel });
    return answer({});
  }

  #mark({ channel, upto }, answer) {
    if (upto > this.channel(channel).upto) this.channel(channel).upto = upto;
    this.#emit({ type: "channel.read", ...this.read(channel) });
    answer({});
  }

  #join({ channel: name }, answer) {
    const channel = this.channel(name);
    if (channel.isJoined) return answer({});
    channel.opening ??= [];
    return channel.opening.push(() => answer({}));
  }

  #opened(name, channel) {
    const waiting = channel.opening;
    Object.assign(channel, { isJoined: true, opening: null });
    this.#isHolding = this.answersFirst;
    this.#emit({ type: "channel.progress", channel: name, step: "find", index: 2, of: 6, elapsed_ms: 10, detail: "3", done: true });
    this.#emit({ type: "channel.joined", channel: name, created: false, alone: false, elapsed_ms: 20, initiators: [], subscribers: [] });
    channel.upto = [...channel.log.values()].at(-1)?.order ?? NOTHING_READ;
    this.#emit({ type: "channel.read", ...this.read(name) });
    for (const goOn of waiting) goOn();
    this.#isHolding = false;
    this.#deliverAll();
  }

  #stateOf(id) {
    return [...this.channels.values()].map((channel) => channel.outbox.get(id)).find(Boolean);
  }

  #nextOrder() {
    this.#order += 1;
    return String(this.#order).padStart(6, "0");
  }

  #write(channel, { id, text, author, reply_to = "" }) {
    const order = this.#nextOrder();
    const look = { text, html: `<p>${text}</p>`, reply_to, edited_ms: 0, deleted: false, reactions: [] };
    const message = { id, channel, author, name: author === ME ? "Ann" : "Bob", order, at_ms: this.#order, own: author === ME, file: null, ...look };
    this.channel(channel).log.set(id, message);
    return message;
  }

  #change(channel, change) {
    this.channel(channel).changes.push(change);
    this.#tellLook(channel, change.target);
  }

  #tellLook(channel, target) {
    const message = this.channel(channel).log.get(target);
    if (message) this.#emit({ type: "message.changed", ...this.#look(channel, message) });
  }

  #look(channel, message) {
    const about = this.channel(channel).changes.filter((change) => change.target === message.id);
    if (about.some(({ kind }) => kind === "delete")) return { ...message, text: "", html: "", deleted: true, reactions: [] };
    const edit = about.filter(({ kind }) => kind === "edit").at(-1);
    const edited = edit ? { text: edit.text, html: `<p>${edit.text}</p>`, edited_ms: edit.at_ms } : {};
    const people = new Map();
    for (const { emoji, on, author } of about.filter(({ kind }) => kind === "reaction")) {
      const others = (people.get(emoji) ?? []).filter((id) => id !== author);
      people.set(emoji, on ? [...others, author] : others);
    }
    return { ...message, ...edited, reactions: [...people].filter(([, ids]) => ids.length > 0) };
  }

  // The stream

  #cursor(number) {
    return `${this.#epoch}:${number}`;
  }

  #emit(event) {
    this.#events.push(structuredClone(event));
    if (!this.#isHolding) this.#deliverAll();
  }

  #deliverAll() {
    for (const listener of this.#listeners) this.#deliver(listener);
  }

  #deliver(listener) {
    if (listener.at === null) return;
    for (; listener.at < this.#events.length; listener.at += 1)
      listener.say({ ...this.#events[listener.at], cursor: this.#cursor(listener.at + 1) });
  }
}
