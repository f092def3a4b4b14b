/**
 * The browser's outbox: what was written here and the own node has not accepted yet.
 *
 * A record is durable before `add` returns, and goes away when the node has answered. Handing over is
 * idempotent by the message id, so after a reload, a crash or a lost answer the same record is simply
 * handed over again. Per channel first in, first out; a failed one is passed over and holds up nobody.
 * Edits, deletions, reactions and replies (`kind`) go the same way as texts, in one line with them.
 *
 * `op` says what the node is to be asked: `send`, `retry` or `discard`. Of all tabs of an account the
 * one that holds the lock (and a connection) drains; the others learn from it what happened.
 *
 * What the node has not accepted for `ASK_AFTER_MS` may have lost its sense: it is not sent before its
 * writer has said so (`retry`), and holds up nobody meanwhile. It may have got there all the same, when a page
 * went away before the answer came: so the node is asked before its writer is, and before it goes out. Whatever
 * the node tells of by itself is not handed over any more (`arrived`).
 *
 * An unreachable node never makes a record fail: it waits, with backoff. `RATE_LIMITED` waits as long
 * as the node says. Every other code is final, and the row says why.
 */

import { asks, isOld, LOOK_MS } from "./ageing.js";
import { Inquiry } from "./inquiry.js";
import { NewestMap } from "./newestmap.js";
import { bare, frameOf, isUnreachable, neverHad, written } from "./outboxframes.js";
import { Pause } from "./pause.js";
import { Records } from "./records.js";
import { ownError } from "./strings.js";

/** More than that are refused with `OUTBOX_FULL`. */
export const OUTBOX_MAX = 500;

export class Outbox {
  #request;
  #clock;
  #tabs;
  #listener;
  #records;
  #pumping = new Set();
  #linked = false;
  #draining = false;
  #pause;
  #cancelLook = null;
  #inquiry;
  /** Discards that the node was asked for, and may have done although no answer came. */
  #asked = new NewestMap(OUTBOX_MAX);

  /**
   * `request(frame)` resolves with the node's answer or rejects with `{code, message, remedy}`;
   * `tabs` is the lock and the word to other tabs (`tabs.js`); `listener` has a method per report.
   */
  constructor({ store, request, clock, tabs, listener }) {
    this.#records = new Records(store);
    this.#inquiry = new Inquiry({
      request,
      isHeld: (record) => this.#records.isHeld(record),
      through: (record) => {
        this.#report("through", record.id);
        return this.#dropped(record);
      },
    });
    this.#request = request;
    this.#clock = clock;
    this.#tabs = tabs;
    this.#listener = listener;
    this.#pause = new Pause(clock, () => this.#pump());
    tabs.onWord = (word) => this.#heard(word);
  }

  /** Load what an earlier page has left behind; ends before anything is shown. */
  async start() {
    for (const record of await this.#records.stored()) this.#restored(record);
  }

  /** Keep a message, then show it. `failed`: keep it as one that waits for Retry. */
  async add(message, failed = null) {
    if (this.#records.size >= OUTBOX_MAX) throw ownError("OUTBOX_FULL");
    await this.#keep({ ...message, op: "send", failed });
  }

  /** Ask again for a failed message; `accepted`: the node has it already. */
  async retry(row) {
    const op = row.accepted ? "retry" : "send";
    const record = { ...written(row), op, failed: null, sure_ms: this.#clock.now() };
    await this.#keep(record);
    this.#report("retried", row.id);
    this.#tellPause(record);
  }

  /** Take a message back, wherever it has got to; `before`: how the target of a change looks without it. */
  async discard(row, before = null) {
    await this.#keep({ ...written(row), before, op: "discard", failed: null });
  }

  /**
   * Undo a discard; `failed` as in `add`; answers what there is. The node may have the message and have sent it:
   * while it was not asked to discard it, the id stays. Then it is a new one, `freshId`; null: it is here anyway.
   */
  async restore(message, failed, freshId) {
    const record = this.#records.get(message.id);
    const isUnasked = record?.op === "discard" && !this.#asked.has(record.id);
    const again = isUnasked || freshId === null ? message : { ...message, id: freshId };
    if (isUnasked) await this.#keep({ ...again, op: "send", failed });
    else if (freshId !== null) await this.add(again, failed);
    return again;
  }

  /** The node has told of it. */
  arrived(id) {
    const record = this.#records.get(id);
    if (record?.op === "send") this.#dropped(record);
  }

  /** The page is connected to the own node, or not. */
  setLinked(linked) {
    this.#pause.reached();
    this.#pause.end();
    if (linked === this.#linked) this.#pump();
    else if (linked) this.#tabs.lead(() => this.#lead());
    else this.#tabs.resign();
    this.#draining &&= linked;
    this.#inquiry.begin();
    this.#linked = linked;
    this.#look();
  }

  /** The page is looked at again, and its timers may have slept. */
  woken = () => this.#look();

  /** Whether a page that goes takes with it what is nowhere else. */
  get isLosing() {
    return this.#records.isLosing;
  }

  /** How much that is unsent stays in this browser without a page. */
  get kept() {
    return this.#records.kept;
  }

  /** What was discarded is to be read in this browser no more: all of it, or what nobody can undo any longer. */
  blank = (ids = this.#records.discarded) => this.#records.blank(ids);
  /** Whether the node has not heard yet of something that was discarded, and stays in this browser until then. */
  hasDiscarded = () => this.#records.discarded.length > 0;

  /** Take everything back: no text of it stays, and what the node has got all the same it is asked to discard. */
  async discardAll() {
    for (const record of this.#records.all) await this.#keep(bare(record));
  }

  /** Ids of what waits to be sent, oldest first. */
  get waiting() {
    return this.#runnable().map((record) => record.id);
  }

  async #lead() {
    for (const record of await this.#records.stored()) this.#restored(record);
    this.#draining = this.#linked; // it may have been lost meanwhile
    this.#pump();
  }

  #restored(record) {
    this.#records.hold(record);
    if (record.op === "discard") this.#listener.discarded(record.id, record);
    if (record.op !== "send") return;
    this.#listener.written(record);
    if (record.failed) this.#listener.refused(record.id, record.failed);
    else if (this.#asks(record)) this.#listener.asking(record.id);
  }

  /** Without a connection nothing else tells what has grown old (with one the node is asked first, `#inquire`). */
  #look() {
    this.#cancelLook?.();
    if (this.#linked) return;
    for (const record of this.#records.all) if (!record.failed && this.#asks(record)) this.#listener.asking(record.id);
    this.#cancelLook = this.#clock.later(LOOK_MS, () => this.#look());
  }

  async #keep(record) {
    await this.#records.put(record);
    this.#tabs.tell({ record });
    this.#restored(record);
    this.#tellPause(record);
    this.#pump();
  }

  /** What is written in a pause waits like what was there before. */
  #tellPause(record) {
    if (record.op === "discard" || record.failed || this.#asks(record)) return;
    if (this.#pause.isUnreachable) this.#report("queued", record.id);
    else if (this.#pause.limitedUntil_ms) this.#report("waiting", record.id, this.#pause.limitedUntil_ms);
  }

  async #dropped(record) {
    if (!this.#records.isHeld(record)) return;
    await this.#records.drop(record.id);
    this.#tabs.tell({ dropped: record.id });
  }

  #heard({ record, dropped, asked, report }) {
    if (record) {
      this.#restored(record);
      if (this.#draining) this.#tellPause(record); // the pause is this tab's, the row every tab's
      this.#pump();
    }
    if (dropped) this.#records.release(dropped);
    if (asked) this.#asked.set(asked, true);
    if (report) this.#listener[report[0]](...report.slice(1));
  }

  #report(...report) {
    this.#listener[report[0]](...report.slice(1));
    this.#tabs.tell({ report });
  }

  #runnable(channel = null) {
    return this.#records.inOrder(
      (record) => !record.failed && !this.#asks(record) && (channel === null || record.channel === channel),
    );
  }

  #asks = (record) => asks(record, this.#clock.now());

  #pump() {
    if (!this.#draining || this.#pause.isOn) return;
    const asking = this.#records.all.filter((record) => !record.failed && this.#asks(record));
    this.#inquiry.about(asking, ({ id }) => this.#report("asking", id));
    for (const channel of new Set(this.#runnable().map((record) => record.channel))) this.#drain(channel);
  }

  async #drain(channel) {
    if (this.#pumping.has(channel)) return;
    this.#pumping.add(channel);
    try {
      while (this.#draining && !this.#pause.isOn) {
        const [record] = this.#runnable(channel);
        if (!record) break;
        await this.#handOver(record);
      }
    } finally {
      this.#pumping.delete(channel);
    }
  }

  async #handOver(record) {
    // An attempt after others in vain is not news: the row goes on saying that it waits.
    if (record.op !== "discard" && !this.#pause.isUnreachable) this.#report("handingOver", record.id);
    if (record.op === "discard") {
      this.#asked.set(record.id, true);
      this.#tabs.tell({ asked: record.id });
    }
    try {
      if (record.op === "send" && isOld(record.at_ms, this.#clock.now()) && (await this.#inquiry.isThrough(record))) return;
      const answer = await this.#request(frameOf(record));
      this.#pause.reached();
      if (record.op === "send") this.#report("accepted", record.id, answer.message);
      else if (record.op === "retry") this.#report("takenUp", answer.message);
      await this.#dropped(record);
    } catch (error) {
      await this.#refused(record, error);
    }
  }

  async #refused(record, error) {
    if (isUnreachable(error)) {
      this.#pause.backOff();
      for (const each of this.#runnable()) this.#report("queued", each.id);
    } else if (error.code === "RATE_LIMITED") {
      this.#pause.limited(1000 * (error.retry_after ?? 1));
      for (const each of this.#runnable()) this.#report("waiting", each.id, this.#pause.limitedUntil_ms);
    } else if (record.op === "send") await this.#failed(record, error);
    else if (record.op === "retry") await this.#ended(record, "refused", error);
    else await this.#notDiscarded(record, error);
  }

  /** The node does not discard it: it has gone out, or the node never had it. */
  async #notDiscarded(record, error) {
    const asking = { type: "message.known", channel: record.channel, id: record.id };
    try {
      if (neverHad(error)) await this.#request(asking);
      await this.#ended(record, "kept", error);
    } catch (unknown) {
      if (neverHad(unknown)) await this.#dropped(record);
      else await this.#refused(record, unknown);
    }
  }

  async #ended(record, report, error) {
    await this.#dropped(record);
    this.#report(report, record.id, error);
  }

  async #failed(record, error) {
    if (!this.#records.isHeld(record)) return;
    const { code, message, remedy, retryable = false } = error;
    const failed = { ...record, failed: { code, message, remedy, retryable } };
    this.#records.hold(failed);
    await this.#records.put(failed);
    this.#tabs.tell({ record: failed });
    this.#report("refused", record.id, failed.failed);
  }
}
