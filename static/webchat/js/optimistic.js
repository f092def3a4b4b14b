/**
 * OptimisticUIManager: what the page believes about every message, without a page.
 *
 * A message written here is a row at once, a change (edit, deletion, reaction) is seen on its target's row
 * at once. From then on the browser's outbox, the own node and the channel report, in any order and more
 * than once. What holds whatever comes:
 *
 * - one row per id; a change is never a row of its own;
 * - counts and states go forward only, and only what the node has accepted fails by time (`progress.js`);
 * - rows stand in the order that everybody sees (`rowlist.js`);
 * - a row shows the node's word on its look (`row.told`), and over it what the node has not accepted yet.
 *
 * States: pending (phase queued, waiting or sending), sent, delivered, failed; received for what
 * others wrote. `row.change` is the own change that the row tells about, or null.
 */

import { HeldRows } from "./heldrows.js";
import { changed, firstLook, isChange, lookOf, unchanged } from "./looks.js";
import { NewestMap } from "./newestmap.js";
import { OwnChanges } from "./ownchanges.js";
import { isSettled, newProgress, Progress, isStuck } from "./progress.js";
import { Removals } from "./removals.js";

/** Ids whose rows were taken away. */
export const GONE_MAX = 1000;
/** Looks of messages that are not loaded. */
export const UNSEEN_MAX = 1000;

export class OptimisticUIManager {
  #listener;
  #progress;
  #changes = new OwnChanges();
  #rows = new HeldRows();
  #gone = new NewestMap(GONE_MAX);
  #unseen = new NewestMap(UNSEEN_MAX);
  #removals = new Removals();

  /** The node has something that was written here, by its id: nobody needs to hand it over any more. */
  onAccepted = () => {};

  /** `listener`: `changed(row, from)` (`from` is the state before), `removed(row)`, `changeTold(change, from)`. */
  constructor(clock, listener) {
    this.#listener = listener;
    this.#progress = new Progress(clock, (entry, from) => this.#tell(entry, from), (entry) => this.onAccepted(entry.id));
  }

  row = (id) => this.#rows.get(id);

  /** A message or an own change by its id. */
  entry = (id) => this.#rows.get(id) ?? this.#changes.get(id);

  /** The channel's rows, oldest first. */
  rows = (channel) => this.#rows.of(channel);

  /** The channel's rows with what may be missing between them. */
  list = (channel) => this.#rows.list(channel);

  /** The row is not held any longer, whether the node still has it or not. */
  drop = (row) => this.#remove(row);

  /** Own messages and changes of all channels that did not get out as they should, oldest first. */
  get unsent() {
    return this.#entries.filter(isStuck).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether a message of the channel is on its way to the node and not accepted yet. */
  isHandingOver = (channel) => this.rows(channel).some((row) => row.phase === "sending" && !row.accepted);

  /** The page is connected to the own node, or not. */
  setLinked = (linked) => this.#progress.setLinked(linked, this.#entries);
  /** Joined, or still connecting. */
  setReady = (channel, ready) => this.#progress.setReady(channel, ready, this.#entries);

  // Reports of the browser's outbox.
  /** A message or a change was written here and the outbox has it. */
  written(record) {
    const known = this.entry(record.id);
    if (known) return known;
    const word = this.#gone.take(record.id); // of the node, while it was discarded
    const entry = isChange(record) ? this.#createChange(record) : this.#create({ ...record, own: true });
    this.#progress.begin(entry, null);
    if (word) this.received(word);
    return entry;
  }

  /** The outbox hands it to the node now. */
  handingOver = (id) => this.#progress.inPhase(this.entry(id), "sending");
  /** No connection to the node: it goes out when there is one. */
  queued = (id) => this.#progress.inPhase(this.entry(id), "queued");
  /** It has waited so long that its writer is asked before it goes out. */
  asking = (id) => this.#progress.inPhase(this.entry(id), "asking");

  /** The node takes no more for now; it goes out at `until_ms` by itself. */
  waiting(id, until_ms) {
    const entry = this.entry(id);
    if (entry) entry.until_ms = until_ms;
    this.#progress.inPhase(entry, "waiting");
  }

  /** An earlier page got it through and did not hear so; the channel's history has it where it stands. */
  through(id) {
    const change = this.#changes.get(id);
    if (change) this.#forgetChange(change);
    else if (!this.#rows.get(id)?.accepted) this.#remove(this.#rows.get(id));
  }

  /** A code that no waiting changes. */
  refused = (id, error) => this.entry(id) && this.#progress.fail(this.entry(id), error);

  /** Somebody pressed Retry. */
  retried(id) {
    const entry = this.entry(id);
    if (entry?.state === "failed" || entry?.phase === "asking") this.#progress.begin(entry, entry.state);
  }

  /** The node has answered that it tries it again. */
  takenUp = (report) => this.#progress.taken(this.entry(report.id), report);

  /** How the target of an own change looks without it, as far as that is known. */
  without(id) {
    const change = this.#changes.get(id);
    return change?.before ?? this.#rows.get(change?.target)?.told ?? null;
  }

  /** Discarded: gone, unless a receipt shows that it went out. `kept`: the outbox' record, perhaps of an earlier page. */
  discarded(id, kept = null) {
    this.#gone.set(id, null);
    const change = this.#changes.get(id);
    if (change) this.#takeBack(change);
    else if (kept?.before && isChange(kept)) this.#changes.takeBack(kept, kept.before);
    else this.#remove(this.#rows.get(id));
  }

  /** Somebody else took it back: only theirs goes, for anybody may give a message of his own another's id. */
  takenBack = (id, author) => this.#remove([this.#rows.get(id)].find((row) => row?.author === author && !row.own));

  /** It could not be discarded: it had gone out. */
  kept(id) {
    const word = this.#gone.take(id);
    if (word) this.received(word);
    const change = this.#changes.keep(id);
    const target = this.#rows.get(change?.target);
    if (target) target.told = changed(target.told, change, change.author);
    if (change) this.#tell(change, change.state);
  }

  // Reports of the node.
  /** How far an own message or change got (`message.state`, an outbox entry, or the answer to a frame). */
  reported(report, author = "", name = "") {
    if (this.#gone.has(report.id) && !isSettled(report)) return;
    this.kept(report.id);
    if (isChange(report)) {
      this.#reportedChange(report, author);
      return;
    }
    const known = this.#rows.get(report.id);
    const row = known ?? this.#create({ ...report, author, name, own: true, state: "pending" });
    const from = known ? row.state : null;
    if (!row.isLookTold) row.told = firstLook(report);
    row.author ||= author;
    row.name ||= name;
    this.#rows.reorder(row, report.order);
    this.#progress.merge(row, report);
    this.#tell(row, from);
  }

  /** A message of the channel, ours or another's, new or history. True when it was not here before. */
  received(message) {
    this.#unseen.delete(message.id);
    return this.#seen(message, lookOf(message));
  }

  /** A message of a page of history, which events may have overtaken. */
  paged(message) {
    const row = this.#rows.get(message.id);
    this.#seen(message, row?.isLookTold && !row.isStale ? row.told : (this.#unseen.get(message.id) ?? lookOf(message)));
    this.#unseen.delete(message.id);
  }

  /** A message looks different now: edited, deleted, or reacted to. */
  changed(message) {
    const row = this.#rows.get(message.id);
    if (!row) this.#unseen.set(message.id, lookOf(message));
    else this.#seen({ ...row, ...message }, lookOf(message));
  }

  /** An author's name in a channel became known. */
  renamed(channel, author, name) {
    for (const row of this.rows(channel).filter((each) => each.author === author && each.name !== name)) {
      row.name = name;
      this.#tell(row, row.state);
    }
  }

  /** A snapshot comes: its looks are the newest, others may be old; what it does not name of ours is through or gone. */
  beginSnapshot(channel, unfinished) {
    this.#unseen.clear();
    for (const row of this.rows(channel)) row.isStale = Boolean(row.order);
    for (const change of this.#changes.all)
      if (change.channel === channel && change.accepted && !unfinished.has(change.id)) this.#forgetChange(change);
  }

  /** The channel was left: what was in it is no longer shown. What the node never had stays unsent. */
  forget(channel) {
    for (const row of [...this.rows(channel)]) if (row.accepted) this.#remove(row);
    for (const change of this.#changes.all) if (change.channel === channel && change.accepted) this.#forgetChange(change);
    this.#rows.forget(channel);
    this.#progress.forget(channel);
  }

  get #entries() {
    return [...this.#rows.all, ...this.#changes.all];
  }

  #create(fields) {
    const look = firstLook(fields);
    const row = { order: "", history: false, gap: "", ...fields, ...newProgress(), ...look, told: look };
    const { accepted = false, state = "pending" } = fields;
    Object.assign(row, { accepted, state, isLookTold: false, isStale: false, removed: this.#removals.of(row.id) });
    this.#rows.add(row);
    this.#draw(row);
    return row;
  }

  #remove(row) {
    if (!row) return;
    this.#progress.end(row);
    this.#rows.remove(row);
    this.#listener.removed(row);
  }

  #seen(message, look) {
    if (this.#gone.has(message.id)) {
      this.#gone.set(message.id, message); // the node has not heard yet that it is discarded
      return false;
    }
    const known = this.#rows.get(message.id);
    const row = known ?? this.#create({ ...message, state: message.own ? "sent" : "received", accepted: true });
    row.at_ms = message.at_ms;
    row.author = message.author || row.author;
    row.name = message.name || row.name;
    this.#rows.reorder(row, message.order);
    // One that nobody hands over, and yet the node has it: an earlier page got it through.
    if (!row.accepted && (row.state === "failed" || row.phase === "asking")) this.#progress.merge(row, { state: "sent" });
    row.isLookTold = true;
    row.isStale = false;
    row.told = this.#changes.without(look, row.id);
    this.#tell(row, known ? row.state : null);
    return !known;
  }

  #createChange(fields, accepted = false) {
    const change = { ...fields, ...newProgress(), accepted, state: "pending", before: null };
    this.#changes.add(change);
    return change;
  }

  #reportedChange(report, author) {
    const target = this.#rows.get(report.target);
    if (report.kind === "delete") this.#removals.heard(report, target);
    // One that is new here was made on another page or before a reload: the node's word holds it already.
    const change = this.#changes.get(report.id) ?? this.#createChange({ ...report, author }, true);
    if (!change.accepted && target) {
      change.before = target.told;
      target.isLookTold = true;
      target.told = changed(target.told, { ...change, ...report }, change.author);
    }
    const from = change.state;
    this.#progress.merge(change, report);
    if (isSettled(change)) this.#forgetChange(change);
    else this.#tell(change, from);
  }

  #takeBack(change) {
    const target = this.#rows.get(change.target);
    if (target && change.before) target.told = unchanged(target.told, change, change.author, change.before);
    this.#changes.takeBack(change, this.without(change.id));
    this.#forgetChange(change);
  }

  #forgetChange(change) {
    this.#progress.end(change);
    this.#changes.remove(change);
    this.#tell(change, change.state);
  }

  /** Bring what a row shows to what is known. */
  #draw(row) {
    Object.assign(row, this.#changes.over(row.told, row.id));
    row.change = this.#changes.shownOn(row.id);
  }

  #tell(entry, from) {
    const row = isChange(entry) ? this.#rows.get(entry.target) : entry;
    if (isChange(entry)) this.#listener.changeTold(entry, from);
    if (!row) return;
    this.#draw(row);
    this.#listener.changed(row, entry === row ? from : row.state);
  }
}
