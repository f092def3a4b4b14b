/**
 * What the health page knows: the last snapshot, how old it is, and the channel that is looked at.
 *
 * Invariants: nothing is called live that is older than `LIVE_MS`, whatever the connection says: neither what
 * came last nor, since a look may fail or take long, the picture of the channel in it (the word of one initiator in
 * that may be older, and says so in its column of the matrix, `matrix.js`); the channel that was chosen stays chosen,
 * also while it is away, and until somebody chooses it is the worst one.
 */

export const LIVE_MS = 2000;

/** Why it is not live when all is well but the look at the one channel. */
export const OLD_PICTURE = "stale.picture";

export class HealthModel {
  #now;
  #heardAt_ms = null;
  #phase = { phase: "connecting" };
  #lost = null;
  #wanted;
  #names = new Map();
  host = null;
  channels = [];
  more = 0;
  detail = null;

  /** `now`: a monotonic clock in ms; `wanted`: the channel that the page's address names. */
  constructor(now, wanted = null) {
    this.#now = now;
    this.#wanted = wanted;
  }

  /** A snapshot has come; returns whether another channel must be watched now. */
  take({ host, channels, more = 0, detail, names }) {
    this.#heardAt_ms = this.#now();
    this.#lost = null;
    Object.assign(this, { host, channels, more });
    for (const [id, name] of Object.entries(names)) this.#names.set(id, name);
    if (this.#wanted === null && channels.length) {
      this.#wanted = channels[0].channel;
      return true;
    }
    if (detail?.channel === this.#wanted) this.detail = detail;
    else if (!more && !channels.some(({ channel }) => channel === this.#wanted)) this.detail = null; // it is gone
    return false;
  }

  /** The worker does not answer the server. */
  lost(error) {
    this.#lost = error;
  }

  /** The connection is in another phase; see `../connection.js`. */
  connection(phase) {
    this.#phase = phase;
  }

  get watched() {
    return this.#wanted;
  }

  /** Look at another channel; its picture is empty until it comes. */
  choose(channel) {
    if (channel === this.#wanted) return false;
    this.#wanted = channel;
    this.detail = null;
    return true;
  }

  /** The user of this server whose node it is; empty for others. */
  nameOf(id) {
    return this.#names.get(id) ?? "";
  }

  /** Whether a node is one of this server's. */
  isHere(id) {
    return this.#names.has(id) || id === this.host?.node.id;
  }

  /** Names that came with something else. */
  learn(names) {
    for (const [id, name] of Object.entries(names)) this.#names.set(id, name);
  }

  /** How old the snapshot is, in ms; null before the first. */
  get age_ms() {
    return this.#heardAt_ms === null ? null : this.#now() - this.#heardAt_ms;
  }

  /** How old the picture of the channel is. */
  get detailAge_ms() {
    return this.detail && this.ageOf(this.detail);
  }

  /** How old a line of the list is, if it is older than the page may be; else null: it need not say. */
  oldnessOf(line) {
    const age_ms = this.ageOf(line);
    return age_ms > LIVE_MS ? age_ms : null;
  }

  /** How old the oldest is of the snapshot and of the picture of the channel: what the page is as of. */
  get shownAge_ms() {
    return this.detail ? Math.max(this.age_ms, this.detailAge_ms) : this.age_ms;
  }

  /** How old a picture, or a line of the list, is: since its nodes were asked; null for one that was not yet. */
  ageOf({ as_of_ms = null }) {
    if (as_of_ms === null || this.age_ms === null) return null;
    return this.age_ms + Math.max(0, this.host.at_ms - as_of_ms);
  }

  /**
   * `{state, reason, error}`: `live`, `connecting` before anything came, `ended` when only a person can go on, or
   * `stale` with a reason: a key of the words, or an error of the server's.
   */
  get live() {
    const { phase, reason = "", retryAt_ms = null } = this.#phase;
    if (phase === "ended") return { state: "ended", reason, error: null };
    if (this.#lost) return { state: "stale", reason: "", error: this.#lost };
    if (this.age_ms === null) {
      return phase === "waiting" ? { state: "stale", reason, error: null, retryAt_ms } : { state: "connecting", reason: "", error: null };
    }
    if (phase !== "open" && this.age_ms > LIVE_MS) return { state: "stale", reason: reason || "link.lost", error: null, retryAt_ms };
    if (this.age_ms > LIVE_MS) return { state: "stale", reason: "stale.slow", error: null };
    if (this.shownAge_ms > LIVE_MS) return { state: "stale", reason: OLD_PICTURE, error: null };
    return { state: "live", reason: "", error: null };
  }
}
