/**
 * The channels of this account as the page knows them: joins, names, unread counts; no page in it.
 *
 * How far a channel was read (`upto`, `unread`, `mentions`, `line`) is kept by `reading.js`, from the
 * node's word, and only stands here.
 */

import { delayed, DELAYED_MS, joined, newJoin, progressed, refused } from "./joining.js";
import { storedNames } from "./memory.js";
import { twinsOf } from "./naming.js";

/** Never read: nothing counts as unread. */
export const UNREAD_NOTHING = Object.freeze({ upto: "", unread: 0, mentions: 0, line: "" });

export class Channels {
  #clock;
  #memory;
  #listener;
  #channels = new Map();
  #isLinked = false;
  #isOnline = false;

  /** `memory`: `get(key)`, `set(key, value)`; `listener.channelChanged(channel)`. */
  constructor(clock, memory, listener) {
    this.#clock = clock;
    this.#memory = memory;
    this.#listener = listener;
  }

  get(name) {
    return this.#channels.get(name);
  }

  /** All of them, by name. */
  get all() {
    return [...this.#channels.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Those that an earlier page has seen, until the node tells. */
  recall() {
    for (const name of storedNames(this.#memory, "channels")) this.#tell(this.#open(name));
  }

  /** What the next page begins with. */
  remember() {
    this.#memory.set("channels", JSON.stringify(this.all.map((channel) => channel.name)));
  }

  /** Begin to join; a running or finished join stays as it is, one that was refused begins anew. */
  joining(name) {
    const known = this.#channels.get(name);
    if (known && !this.isRefused(name)) return known;
    const channel = this.#open(name);
    this.#begin(channel);
    this.#tell(channel);
    return channel;
  }

  /** The node's own view of a channel, from `welcome`. */
  welcomed({ name, joined: isJoined, progress, health, names, pictures }) {
    const channel = this.#open(name);
    channel.health = health ?? null;
    // An earlier page may have left the name alone, and a node that has started again joins once more.
    if (!isJoined && (!channel.join || channel.join.state === "joined")) this.#begin(channel);
    if (isJoined && channel.join && channel.join.state !== "joined") {
      const elapsed_ms = this.#clock.now() - channel.join.began_ms;
      this.#finish(channel, { elapsed_ms, created: false, alone: false });
    }
    for (const report of progress?.steps ?? []) progressed(channel.join, report, this.#clock.now());
    if (progress?.delayed) delayed(channel.join, progress.delayed);
    for (const [author, called] of Object.entries(names ?? {})) channel.names.set(author, called);
    channel.twins = null;
    if (pictures) channel.pictures = new Map(Object.entries(pictures));
    this.#tell(channel);
    return channel;
  }

  /** Only these exist, and joins that were refused say why; returns the names of those that are gone. */
  keepOnly(names) {
    const gone = [...this.#channels.keys()].filter((name) => !names.includes(name) && !this.isRefused(name));
    for (const name of gone) this.left(name);
    return gone;
  }

  progressed(report) {
    const channel = this.joining(report.channel);
    if (!channel.join) return;
    progressed(channel.join, report, this.#clock.now());
    this.#tell(channel);
  }

  delayed(report) {
    const channel = this.joining(report.channel);
    if (!channel.join) return;
    channel.cancelBudget?.();
    delayed(channel.join, report);
    this.#tell(channel);
  }

  /** The node has given a join up; false when this page knows of none that it could be. */
  refused(name, error) {
    const channel = this.#channels.get(name);
    if (!channel?.join || channel.join.state === "joined") return false;
    channel.cancelBudget?.();
    refused(channel.join, error);
    this.#tell(channel);
    return true;
  }

  /** Whether the node has given up joining it. */
  isRefused(name) {
    return this.#channels.get(name)?.join?.state === "refused";
  }

  joined(report) {
    const channel = this.#open(report.channel);
    channel.join ??= newJoin(this.#clock.now() - report.elapsed_ms);
    this.#finish(channel, report);
    this.#tell(channel);
  }

  /** How it is, by the node's word. */
  toldHealth({ channel: name, state, initiators, error }) {
    const channel = this.#channels.get(name);
    if (!channel) return;
    channel.health = { state, initiators, error };
    this.#tell(channel);
  }

  /** The same as far as it holds: null while the node has not told, or could not tell a change. */
  healthOf(name) {
    return this.#isLinked && this.#isOnline ? (this.#channels.get(name)?.health ?? null) : null;
  }

  /** Whether there is a connection to the node. */
  setLinked(isLinked) {
    if (this.#isLinked === isLinked) return;
    this.#isLinked = isLinked;
    this.#tellAll();
  }

  /** Whether the node has a network: without one it knows nothing of any channel. */
  setOnline(isOnline) {
    if (this.#isOnline === isOnline) return;
    this.#isOnline = isOnline;
    this.#tellAll();
  }

  #tellAll() {
    for (const channel of this.all) this.#tell(channel);
  }

  left(name) {
    const channel = this.#channels.get(name);
    if (!channel) return;
    channel.cancelBudget?.();
    this.#channels.delete(name);
    this.#listener.channelChanged(channel);
  }

  named({ channel: name, author, name: called }) {
    const channel = this.#channels.get(name);
    if (!channel) return;
    channel.names.set(author, called);
    channel.twins = null;
    this.#tell(channel);
  }

  /** Somebody has another picture; an empty one is none. */
  carded({ channel: name, author, picture }) {
    const channel = this.#channels.get(name);
    if (!channel) return;
    if (picture) channel.pictures.set(author, picture);
    else channel.pictures.delete(author);
    this.#tell(channel);
  }

  /** Whether another person of the channel is called like this one. */
  isTwin(name, id) {
    const channel = this.#channels.get(name);
    if (!channel) return false;
    channel.twins ??= twinsOf(channel.names);
    return channel.twins.has(id);
  }

  /** Whether messages of it go out: joined, not merely being joined. */
  isReady(name) {
    const channel = this.#channels.get(name);
    return Boolean(channel) && (!channel.join || channel.join.state === "joined");
  }

  /** How far it was read: `{upto, unread, mentions, line}`. */
  setRead(name, read) {
    const channel = this.#channels.get(name);
    Object.assign(channel, read);
    this.#tell(channel);
  }

  /** Older messages: `idle` (there may be some), `loading`, `stuck` (could not be loaded), `none`. */
  setOlder(name, older) {
    const channel = this.#channels.get(name);
    if (!channel || channel.older === older) return;
    channel.older = older;
    this.#tell(channel);
  }

  #open(name) {
    if (!this.#channels.has(name)) {
      const people = { names: new Map(), twins: null, pictures: new Map() };
      const channel = { name, join: null, ...people, health: null, older: "idle", cancelBudget: null, ...UNREAD_NOTHING };
      this.#channels.set(name, channel);
    }
    return this.#channels.get(name);
  }

  #begin(channel) {
    channel.join = newJoin(this.#clock.now());
    channel.cancelBudget = this.#clock.later(DELAYED_MS, () => {
      delayed(channel.join, null);
      this.#tell(channel);
    });
  }

  #finish(channel, report) {
    channel.cancelBudget?.();
    channel.cancelBudget = null;
    joined(channel.join, report);
  }

  #tell(channel) {
    this.#listener.channelChanged(channel);
  }
}
