/**
 * What the system tells while nobody looks at the chat: mentions, or all messages of a channel, or nothing.
 *
 * The browser is asked for permission by a press of a button and never otherwise. The button is in the panel
 * of a channel; after the first mention it is suggested, once. Nothing is told while a page of the account is seen.
 * There is one notification per channel at a time, which the newest message replaces, so a flood is one line; of
 * several hidden pages one shows it.
 */

import { mentionOf } from "./reading.js";
import { say } from "./strings.js";

export const LEVELS = Object.freeze(["mentions", "all", "none"]);

export class Notifying {
  onChange = () => {};
  #its;

  /**
   * `system` is the browser's `Notification`, if it has one; `seen`: `isAny()`, `whenSeen(act)`; `told`: `claim(id)`;
   * `memory`: `get`, `set`; `me()`, `isBlocked(id)`, `nameOf(message)`, `wordsOf(message)`; `suggest(act)` offers to
   * allow it; `open(channel)`.
   */
  constructor(its) {
    this.#its = its;
  }

  /** `unsupported`, `default` (not asked), `granted` or `denied`. */
  get permission() {
    return this.#its.system?.permission ?? "unsupported";
  }

  /** What is told of a channel: one of `LEVELS`. */
  level(channel) {
    const kept = this.#its.memory.get(`notify ${channel}`);
    return LEVELS.includes(kept) ? kept : "mentions";
  }

  setLevel(channel, level) {
    this.#its.memory.set(`notify ${channel}`, level === "mentions" ? "" : level);
    this.onChange();
  }

  /** Somebody has pressed the button: now the browser may ask. */
  async allow() {
    await this.#its.system?.requestPermission();
    this.onChange();
  }

  /** Show one now, so that people see whether their system shows any; whether it could be shown. */
  test(channel) {
    return this.#show(channel, say("notify.test.title"), say("notify.test.text", { channel }));
  }

  /** A message came that was not here before. */
  async arrived(message) {
    const { me, isBlocked, seen, told } = this.#its;
    if (message.own || message.deleted || isBlocked(message.author)) return;
    const names = message.text.includes(mentionOf(me()));
    const level = this.level(message.channel);
    if (level === "none" || (level === "mentions" && !names)) return;
    if (this.permission === "default" && names) this.#suggest();
    if (this.permission !== "granted" || (await seen.isAny()) || !(await told.claim(message.id))) return;
    const values = { name: this.#its.nameOf(message), channel: message.channel };
    this.#show(message.channel, say(names ? "notify.mention" : "notify.message", values), this.#its.wordsOf(message));
  }

  /** Once, however many mentions come, and only to somebody who is there. */
  #suggest() {
    const { memory, seen, suggest } = this.#its;
    if (memory.get("notify suggested")) return;
    memory.set("notify suggested", "yes");
    seen.whenSeen(() => suggest(() => this.allow()));
  }

  #show(channel, title, body) {
    try {
      const shown = new this.#its.system(title, { body, tag: `starling ${channel}`, renotify: true });
      shown.onclick = () => {
        shown.close();
        this.#its.open(channel);
      };
      return true;
    } catch (error) {
      console.info("This browser shows no notifications of a page:", error); // Android's lets only installed apps
      return false;
    }
  }
}
