/**
 * The past that the event log's filter names: asked for as a whole, with everything that is chosen.
 *
 * The worker answers with the newest of those that fit, so a filter that only the page knew would choose among
 * records of which most do not fit. Invariants: nothing is asked without a range of time, nor the same twice;
 * whoever still types is waited for; only the answer to the newest choice counts, in whatever order they come.
 */

export const PAST_RECORDS = 500;

/** Whoever types or chooses has ended when nothing changes for so long. */
export const CHOSEN_MS = 400;

export class PastRange {
  #clock;
  #request;
  #found;
  #failed;
  #cancel = null;
  #run = 0;
  #asked = "";

  /**
   * `request(frame)` resolves with the answer, `found(answer)` takes the newest one, and the empty one when no
   * range is chosen any more; `failed(error)` tells why there is none.
   */
  constructor({ clock, request, found, failed }) {
    this.#clock = clock;
    this.#request = request;
    this.#found = found;
    this.#failed = failed;
  }

  /** The filter is this one now. */
  choose(filter) {
    const { since = null, until = null } = filter;
    const frame = frameOf(filter);
    const asked = since === null && until === null ? "" : JSON.stringify(frame);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#cancel?.();
    const run = (this.#run += 1);
    if (!asked) return this.#found({ epoch: "", records: [], more: false, names: {} });
    this.#cancel = this.#clock.later(CHOSEN_MS, () => this.#ask(frame, run));
  }

  async #ask(frame, run) {
    try {
      const answer = await this.#request(frame);
      if (run === this.#run) this.#found(answer);
    } catch (error) {
      if (run !== this.#run) return; // nobody waits for it any more
      this.#asked = null; // the same choice may be asked for again, and none is another one
      this.#failed(error);
    }
  }
}

/** The question for all that is chosen; what is not chosen is not named. */
function frameOf({ operation, outcome, channel, text, since = null, until = null }) {
  const chosen = Object.entries({ operation, outcome, channel, text: text.trim() }).filter(([, value]) => value);
  return { type: "events", ...Object.fromEntries(chosen), since, until, limit: PAST_RECORDS };
}
