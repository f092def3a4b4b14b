/**
 * OptimisticUIManager: what the page believes about every message, without a page.
 *
 * A message written here is a row at once, long before the network has it. From then on reports come
 * from three sides: the browser's outbox (queued, on its way, accepted, refused), the own node (states
 * with receipts), and the channel (the message itself). They come in any order and more than once.
 * What holds whatever comes:
 *
 * - one row per id;
 * - counts and states go forward only (`receipts.js`); a late receipt turns failed into sent;
 * - rows stand in the order that everybody sees (`rowlist.js`);
 * - queued never fails by time; what the node has accepted fails after 5 s without a quorum while there
 *   is a connection (`watch.js`); the node's own verdict, which knows the reason, replaces that one.
 *
 * States: pending (phase queued, waiting or sending), sent, delivered, failed; received for what
 * others wrote. `stage` of a sending row counts the words: 0 none, 1 "Sending…", 2 "Still sending…".
 */

import { RowList } from "./rowlist.js";
import {
  mergeAcks,
  mergeDelivered,
  mergeStored,
  NOTHING_DELIVERED,
  NOTHING_STORED,
  strongerState,
} from "./receipts.js";
import { ownError } from "./strings.js";
import { RowWatch } from "./watch.js";

/** Ids whose rows were taken away; the oldest are forgotten. */
export const GONE_MAX = 1000;

/** States that nothing takes back. */
export const SETTLED = new Set(["sent", "delivered", "received"]);

export class OptimisticUIManager {
  #listener;
  #watch;
  #rows = new Map();
  #lists = new Map();
  #gone = new Set();
  #unready = new Set();
  #linked = false;
  #place = 0;

  /** `listener.changed(row, from)` after a change (`from` is the state before), `listener.removed(row)`. */
  constructor(clock, listener) {
    this.#listener = listener;
    this.#watch = new RowWatch(
      clock,
      (row, stage) => this.#stage(row, stage),
      (row) => this.#fail(row, ownError("NO_QUORUM")),
    );
  }

  row(id) {
    return this.#rows.get(id);
  }

  /** The channel's rows, oldest first. */
  rows(channel) {
    return this.#lists.get(channel)?.rows ?? [];
  }

  /** The channel's rows with what may be missing between them. */
  list(channel) {
    if (!this.#lists.has(channel)) this.#lists.set(channel, new RowList());
    return this.#lists.get(channel);
  }

  /** The row is not held any longer, whether the node still has it or not. */
  drop(row) {
    this.#remove(row);
  }

  /** Whether a message of the channel is on its way to the node and not accepted yet. */
  isHandingOver(channel) {
    return this.rows(channel).some((row) => row.phase === "sending" && !row.accepted);
  }

  /** The page is connected to the own node, or not. */
  setLinked(linked) {
    this.#linked = linked;
    this.#enterAll(() => true);
  }

  /** Joined, or still connecting: until then nothing of the channel fails by time. */
  setReady(channel, ready) {
    if (ready === !this.#unready.has(channel)) return;
    if (ready) this.#unready.delete(channel);
    else this.#unready.add(channel);
    this.#enterAll((row) => row.channel === channel);
  }

  // Reports of the browser's outbox.

  /** A message was written here and the outbox has it. */
  written({ id, channel, text, at_ms, author, name }) {
    if (this.#rows.has(id)) return this.#rows.get(id);
    this.#gone.delete(id);
    const row = this.#create({ id, channel, text, at_ms, author, name, own: true, state: "pending" });
    row.phase = this.#linked ? "sending" : "queued";
    this.#enter(row);
    this.#tell(row, null);
    return row;
  }

  /** The outbox hands it to the node now. */
  handingOver(id) {
    this.#inPhase(id, "sending");
  }

  /** No connection to the node: it goes out when there is one. */
  queued(id) {
    this.#inPhase(id, "queued");
  }

  /** The node takes no more for now; it goes out at `until_ms` by itself. */
  waiting(id, until_ms) {
    const row = this.#rows.get(id);
    if (row) row.until_ms = until_ms;
    this.#inPhase(id, "waiting");
  }

  /** A code that no waiting changes. */
  refused(id, error) {
    const row = this.#rows.get(id);
    if (row) this.#fail(row, error);
  }

  /** Somebody pressed Retry. */
  retried(id) {
    const row = this.#rows.get(id);
    if (!row || row.state !== "failed") return;
    row.state = "pending";
    row.error = null;
    row.phase = this.#linked ? "sending" : "queued";
    this.#enter(row);
    this.#tell(row, "failed");
  }

  /** Discarded or cancelled: no row, unless a receipt shows that it went out all the same. */
  discarded(id) {
    this.#gone.add(id);
    if (this.#gone.size > GONE_MAX) this.#gone.delete(this.#gone.values().next().value);
    this.#remove(this.#rows.get(id));
  }

  // Reports of the node.

  /** How far an own message got (`message.state`, an outbox entry, or the answer to a send). */
  reported(report, author = "", name = "") {
    const settled = SETTLED.has(report.state);
    if (this.#gone.has(report.id) && !settled) return;
    this.#gone.delete(report.id);
    const known = this.#rows.get(report.id);
    const row = known ?? this.#create({ ...report, author, name, own: true, state: "pending" });
    const from = known ? row.state : null;
    row.accepted = true;
    row.state = strongerState(row.state, report.state);
    row.stored = mergeStored(row.stored, report.stored);
    row.delivered = mergeDelivered(row.delivered, report.delivered);
    row.acks = mergeAcks(row.acks, report.acks);
    row.unreachable = report.unreachable ?? row.unreachable;
    row.alone = Boolean(report.alone) && row.stored.k <= 1;
    row.error = row.state === "failed" ? (report.error ?? row.error) : null;
    row.at_ms = report.at_ms ?? row.at_ms;
    row.author ||= author;
    row.name ||= name;
    this.#lists.get(row.channel).reorder(row, report.order);
    this.#enter(row);
    this.#tell(row, from);
  }

  /** A message of the channel, ours or another's, new or history. True when it was not here before. */
  received(message) {
    const row = this.#rows.get(message.id);
    if (!row) {
      this.#gone.delete(message.id);
      const state = message.own ? "sent" : "received";
      this.#tell(this.#create({ ...message, state, accepted: true }), null);
      return true;
    }
    row.at_ms = message.at_ms;
    row.author = message.author || row.author;
    row.name = message.name || row.name;
    this.#lists.get(row.channel).reorder(row, message.order);
    this.#tell(row, row.state);
    return false;
  }

  /** An author's name in a channel became known. */
  renamed(channel, author, name) {
    for (const row of this.rows(channel)) {
      if (row.author !== author || row.name === name) continue;
      row.name = name;
      this.#tell(row, row.state);
    }
  }

  /** The channel was left: what was in it is no longer shown. */
  forget(channel) {
    for (const row of [...this.rows(channel)]) this.#remove(row);
    this.#lists.delete(channel);
    this.#unready.delete(channel);
  }

  #create(fields) {
    this.#place += 1;
    const row = {
      order: "",
      history: false,
      accepted: false,
      phase: "",
      stage: 0,
      until_ms: 0,
      alone: false,
      error: null,
      gap: "",
      unreachable: [],
      ...fields,
      stored: NOTHING_STORED,
      delivered: NOTHING_DELIVERED,
      acks: [],
      place: this.#place,
    };
    this.#rows.set(row.id, row);
    this.list(row.channel).insert(row);
    return row;
  }

  #remove(row) {
    if (!row) return;
    this.#watch.leave(row);
    this.#rows.delete(row.id);
    this.#lists.get(row.channel)?.remove(row);
    this.#listener.removed(row);
  }

  #inPhase(id, phase) {
    const row = this.#rows.get(id);
    if (!row || row.state !== "pending" || row.accepted) return;
    row.phase = phase;
    this.#enter(row);
    this.#tell(row, "pending");
  }

  #fail(row, error) {
    if (SETTLED.has(row.state)) return;
    const from = row.state;
    row.state = "failed";
    row.error = error;
    this.#enter(row);
    this.#tell(row, from);
  }

  /** Set the phase that follows from state, link and channel, and its timers. */
  #enter(row) {
    if (row.state !== "pending") row.phase = "";
    else if (row.accepted) row.phase = this.#unready.has(row.channel) ? "queued" : "sending";
    else if (!this.#linked && row.phase === "sending") row.phase = "queued";
    this.#watch.follow(row, row.accepted && this.#linked);
  }

  #enterAll(chosen) {
    for (const row of this.#rows.values()) {
      if (row.state !== "pending" || !chosen(row)) continue;
      this.#enter(row);
      this.#tell(row, "pending");
    }
  }

  #stage(row, stage) {
    row.stage = stage;
    this.#tell(row, row.state);
  }

  #tell(row, from) {
    this.#listener.changed(row, from);
  }
}
