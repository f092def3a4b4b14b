/**
 * How far what was written here has got: phases, times and states, of messages and of changes alike.
 *
 * An entry is pending (phase queued, waiting or sending), sent, delivered or failed. Queued never fails by
 * time; what the node has accepted fails after 5 s without a quorum while there is a connection (`watch.js`);
 * the node's own verdict, which knows the reason, replaces that one. Counts and states go forward only
 * (`receipts.js`); a late receipt turns failed into sent.
 *
 * What the node has is tried again by the browser's outbox, too: until the node has answered (`awaited`), it is not on
 * its way without a connection, and the failure that the node tells of meanwhile is the old one.
 */

import { mergeAcks, mergeDelivered, mergeStored, NOTHING_DELIVERED, NOTHING_STORED, strongerState } from "./receipts.js";
import { ownError } from "./strings.js";
import { RowWatch } from "./watch.js";

const SETTLED = new Set(["sent", "delivered", "received"]);

/** Whether it has got to where it was to go. */
export const isSettled = ({ state }) => SETTLED.has(state);

/** Whether it does not get out as it should: failed, not on its way, or on its way for long. */
export const isStuck = ({ state, phase, stage }) =>
  state === "failed" || (state === "pending" && (phase !== "sending" || stage > 1));

/** The fields of an entry that has got nowhere yet. */
export const newProgress = () => ({
  accepted: false,
  awaited: false,
  phase: "",
  stage: 0,
  until_ms: 0,
  alone: false,
  local: false,
  error: null,
  stored: NOTHING_STORED,
  delivered: NOTHING_DELIVERED,
  acks: [],
  unreachable: [],
});

export class Progress {
  #tell;
  #accepted;
  #watch;
  #linked = false;
  #unready = new Set();

  /** `tell(entry, from)` after a change, `from` being the state before; `accepted(entry)` once the node has it. */
  constructor(clock, tell, accepted) {
    this.#tell = tell;
    this.#accepted = accepted;
    this.#watch = new RowWatch(
      clock,
      (entry, stage) => this.#stage(entry, stage),
      (entry) => this.fail(entry, ownError("NO_QUORUM")),
    );
  }

  /** The page is connected to the own node, or not. */
  setLinked(linked, entries) {
    this.#linked = linked;
    this.#enterAll(entries);
  }

  /** Joined, or still connecting: until then nothing of the channel fails by time. False: nothing new. */
  setReady(channel, ready, entries) {
    if (ready === !this.#unready.has(channel)) return;
    if (ready) this.#unready.delete(channel);
    else this.#unready.add(channel);
    this.#enterAll(entries.filter((entry) => entry.channel === channel));
  }

  /** The channel was left. */
  forget(channel) {
    this.#unready.delete(channel);
  }

  /** It was written, or is to be tried again. */
  begin(entry, from) {
    entry.state = "pending";
    entry.error = null;
    entry.awaited = entry.accepted;
    entry.phase = this.#linked ? "sending" : "queued";
    this.#enter(entry);
    this.#tell(entry, from);
  }

  /** The outbox says how it goes; what the node has accepted is the node's to say. */
  inPhase(entry, phase) {
    if (!entry || entry.state !== "pending" || (entry.accepted && !entry.awaited)) return;
    entry.phase = phase;
    this.#enter(entry);
    this.#tell(entry, "pending");
  }

  /** The node tries it again, perhaps after an earlier page's asking; `report`: how far it is, the caller merges it. */
  taken(entry, report) {
    if (!entry) return;
    if (entry.state === "failed" && report.state === "pending") this.begin(entry, "failed");
    entry.awaited = false;
  }

  fail(entry, error) {
    if (isSettled(entry)) return;
    entry.awaited = false;
    const from = entry.state;
    entry.state = "failed";
    entry.error = error;
    this.#enter(entry);
    this.#tell(entry, from);
  }

  /** Merge a report of the node; the caller tells. */
  merge(entry, report) {
    if (!entry.accepted) this.#accepted(entry);
    entry.accepted = true;
    if (!entry.awaited || report.state !== "failed") entry.state = strongerState(entry.state, report.state);
    entry.stored = mergeStored(entry.stored, report.stored);
    entry.delivered = mergeDelivered(entry.delivered, report.delivered);
    entry.acks = mergeAcks(entry.acks, report.acks);
    entry.unreachable = report.unreachable ?? entry.unreachable;
    entry.alone = Boolean(report.alone) && entry.stored.k <= 1;
    entry.local = Boolean(report.local) && entry.stored.machines <= 1 && entry.delivered.m === 0;
    entry.error = entry.state === "failed" ? (report.error ?? entry.error) : null;
    entry.at_ms = report.at_ms ?? entry.at_ms;
    this.#enter(entry);
  }

  /** Nothing is told of it any more. */
  end(entry) {
    this.#watch.leave(entry);
  }

  /** Set the phase that follows from state, link and channel, and its timers. */
  #enter(entry) {
    if (entry.state !== "pending") entry.phase = "";
    else if (entry.accepted && !entry.awaited) entry.phase = this.#unready.has(entry.channel) ? "queued" : "sending";
    else if (!this.#linked && (entry.phase === "sending" || entry.phase === "waiting")) entry.phase = "queued";
    this.#watch.follow(entry, entry.accepted && !entry.awaited && this.#linked);
  }

  #enterAll(entries) {
    for (const entry of entries) {
      if (entry.state !== "pending") continue;
      this.#enter(entry);
      this.#tell(entry, "pending");
    }
  }

  #stage(entry, stage) {
    entry.stage = stage;
    this.#tell(entry, entry.state);
  }
}
