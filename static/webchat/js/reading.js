/**
 * How far each channel was read, the same on all of a user's pages.
 *
 * The node keeps a mark per channel, an order key that never goes back, and counts what others wrote
 * after it, leaving out what was deleted and who is blocked. Its word (`told`), which comes anew with each change of
 * that, is what the page believes; between two words the page counts for itself:
 *
 * - what is before somebody's eyes is read at once here, and the node hears of it at most once in
 *   `MARK_EVERY_MS` per channel, the newest mark alone;
 * - a word about an older mark than the page's own changes nothing: one about that mark follows;
 * - what could not be told is told with the next connection;
 * - `line` is the mark below which the unread began: it stays where it is while they are being read,
 *   moves when new ones come after everything was read, and goes when the channel is put away.
 */

import { limits } from "./limits.js";

export const MARK_EVERY_MS = 1000;

/** A count as people read it; the last one that the node counts to stands for all beyond it. */
export const countWords = (n) => (n >= limits.unread ? `${limits.unread - 1}+` : String(n));

/** How a text names a person: by node id, because names are not unique. */
export const mentionOf = (node_id) => `<@${node_id}>`;

export class Reading {
  #channels;
  #request;
  #clock;
  #me;
  #isBlocked;
  #marks = new Map();

  /** `channels`: `get`, `setRead`; `request(frame)` as the connection's; `me()`: the own node id; `isBlocked(id)`. */
  constructor({ channels, request, clock, me, isBlocked }) {
    this.#channels = channels;
    this.#request = request;
    this.#clock = clock;
    this.#me = me;
    this.#isBlocked = isBlocked;
  }

  /** The node's word, in a snapshot or because some page has read further. */
  told({ channel: name, upto, unread, mentions }) {
    const channel = this.#channels.get(name);
    if (!channel || upto < channel.upto) return;
    const mark = this.#markOf(name);
    if (mark.told < upto) mark.told = upto;
    const begins = unread > 0 && channel.unread === 0;
    this.#channels.setRead(name, { upto, unread, mentions, line: begins ? upto : channel.line });
  }

  /** A message came that was not here before; `isBeingRead`: it will be before somebody's eyes at once. */
  arrived(message, isBeingRead) {
    const { channel: name, order, text } = message;
    const channel = this.#channels.get(name);
    if (!channel?.upto || isBeingRead || order <= channel.upto || !this.#counts(message)) return;
    const { upto, unread, mentions } = channel;
    this.#channels.setRead(name, {
      upto,
      unread: Math.min(limits.unread, unread + 1),
      mentions: mentions + (text.includes(mentionOf(this.#me())) ? 1 : 0),
      line: unread === 0 ? upto : channel.line,
    });
  }

  /** Everything up to this order key was before somebody's eyes; `rows`: the channel's, oldest first. */
  seen(name, order, rows) {
    const channel = this.#channels.get(name);
    if (!channel || !order || order <= channel.upto) return;
    this.#channels.setRead(name, { upto: order, ...this.#after(order, rows), line: channel.line });
    this.#mark(name);
  }

  /** Something own was written: what was above it is not new any more. */
  answered(name) {
    this.#setLine(name, "");
  }

  /** Another channel is on the screen now. */
  putAway(name) {
    if (this.#channels.get(name)?.unread === 0) this.#setLine(name, "");
  }

  /** There is a connection again: tell what could not be told. */
  linked() {
    for (const [name, mark] of this.#marks) {
      mark.isAsking = false;
      this.#mark(name);
    }
  }

  #setLine(name, line) {
    const channel = this.#channels.get(name);
    if (!channel || channel.line === line) return;
    const { upto, unread, mentions } = channel;
    this.#channels.setRead(name, { upto, unread, mentions, line });
  }

  #after(order, rows) {
    const mention = mentionOf(this.#me());
    let [unread, mentions] = [0, 0];
    for (let at = rows.length - 1; at >= 0 && unread < limits.unread; at -= 1) {
      const row = rows[at];
      if (row.order && row.order <= order) break;
      if (!row.order || !this.#counts(row)) continue;
      unread += 1;
      mentions += row.text.includes(mention) ? 1 : 0;
    }
    return { unread, mentions };
  }

  /** Whether it can be unread, as the node counts: neither own, nor deleted, nor of somebody who is blocked. */
  #counts({ own, deleted, author }) {
    return !own && !deleted && !this.#isBlocked(author);
  }

  #markOf(name) {
    if (!this.#marks.has(name)) this.#marks.set(name, { told: "", isAsking: false, cancel: null });
    return this.#marks.get(name);
  }

  /** Tell the node now, or when its second is over. */
  async #mark(name) {
    const mark = this.#markOf(name);
    const channel = this.#channels.get(name);
    if (!channel) this.#marks.delete(name);
    if (!channel || mark.isAsking || mark.cancel || channel.upto <= mark.told) return;
    mark.isAsking = true;
    mark.cancel = this.#clock.later(MARK_EVERY_MS, () => {
      mark.cancel = null;
      this.#mark(name);
    });
    const { upto } = channel;
    try {
      await this.#request({ type: "read.mark", channel: name, upto });
      if (mark.told < upto) mark.told = upto;
    } catch {
      mark.cancel?.();
      mark.cancel = null;
      return; // told with the next connection, or by the next mark
    } finally {
      mark.isAsking = false;
    }
    this.#mark(name);
  }
}
