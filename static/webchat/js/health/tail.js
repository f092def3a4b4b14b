/**
 * The event log of the page: the newest records, live, until somebody reads them in peace.
 *
 * Invariants: at most `KEPT_MAX` are kept and `SHOWN_MAX` shown, newest first; a record is there once, whether it
 * came with the past or live; while the log is paused nothing moves, and what comes meanwhile is counted. Of a
 * range of time that somebody asks for, what the worker still has is shown besides (`found`), until another one is;
 * when that was too much for one answer, it is said that there is `more`, and when there is none, why (`missed`).
 */

export const KEPT_MAX = 2000;
export const SHOWN_MAX = 200;

export class Tail {
  #records = [];
  #epoch = "";
  #held = [];
  #skipped = 0;
  #found = [];
  #more = false;
  #missed = "";
  paused = false;
  filter = { operation: "", outcome: "", text: "", channel: "", since: null, until: null };

  /** Records of one life of the worker; `skipped`: how many came that are not among them. */
  add({ epoch, records, skipped = 0 }) {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#held = this.paused ? this.#held : [];
    }
    this.#skipped += skipped;
    const known = new Set([...this.#records, ...this.#held].map(keyOf));
    const fresh = records.map((each) => ({ ...each, epoch })).filter((each) => !known.has(keyOf(each)));
    if (this.paused) this.#held = [...this.#held, ...fresh].slice(-KEPT_MAX);
    else this.#keep(fresh);
  }

  /** What the worker has of the range of time that is asked for, and whether that is not all. */
  found({ epoch, records, more = false }) {
    this.#more = more;
    this.#missed = "";
    this.#found = records.map((each) => ({ ...each, epoch }));
  }

  /** Why the range of time that is asked for now has no answer; the last one's is no answer to it. */
  missed(reason) {
    this.found({ epoch: "", records: [] });
    this.#missed = reason;
  }

  /** Hold what comes, or let it in. */
  pause(on) {
    this.paused = on;
    if (on) return;
    this.#keep(this.#held);
    this.#held = [];
  }

  /** How many wait while the log is paused. */
  get waiting() {
    return this.#held.length;
  }

  /** How many were left out of the live tail. */
  get skipped() {
    return this.#skipped;
  }

  /** The operations that occur, for the filter's list. */
  get operations() {
    return [...new Set(this.#records.map((each) => each.operation))].sort();
  }

  /** `{records, matching, all, more, missed}`: the newest of those that the filter chooses; `more`: the worker has others. */
  shown() {
    const known = new Set(this.#found.length ? this.#records.map(keyOf) : []);
    const older = this.#found.filter((each) => !known.has(keyOf(each)));
    const all = older.length ? [...this.#records, ...older].sort(newestFirst) : this.#records;
    const matching = all.filter((each) => fits(each, this.filter));
    return { records: matching.slice(0, SHOWN_MAX), matching: matching.length, all: all.length, more: this.#more, missed: this.#missed };
  }

  #keep(fresh) {
    this.#records = [...fresh, ...this.#records].sort(newestFirst).slice(0, KEPT_MAX);
  }
}

const newestFirst = (a, b) => b.wall_ms - a.wall_ms || b.serial - a.serial;

/** Names a record: the numbers of different lives of the worker have nothing to do with each other. */
export const keyOf = ({ epoch, serial }) => `${epoch}:${serial}`;

/** Whether an outcome is no trouble. */
export const isFine = (outcome) => ["ok", "left", "cancelled"].includes(outcome);

/** Whether a filter chooses a record; as `webchat/health/records.py` does for files. */
export function fits(record, { operation, outcome, text, channel, since = null, until = null }) {
  if (operation && record.operation !== operation && !record.operation.startsWith(`${operation}.`)) return false;
  if (outcome && isFine(record.outcome) !== (outcome === "ok")) return false;
  if (channel && record.subject !== channel && record.route.channel !== channel) return false;
  if ((since !== null && record.wall_ms < since) || (until !== null && record.wall_ms > until)) return false;
  const wanted = text.trim().toLowerCase();
  return !wanted || JSON.stringify(Object.values(record)).toLowerCase().includes(wanted);
}

/** The address of the same choice as a file. */
export function exportQuery({ operation, outcome, text, channel, since = null, until = null }) {
  const chosen = Object.entries({ operation, outcome, text: text.trim(), channel, since, until }).filter(([, value]) => value);
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}
