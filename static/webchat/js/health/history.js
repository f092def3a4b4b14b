/**
 * How the pushes of a channel went in the last hour or day, for the plots: asked for while somebody wants to see it.
 *
 * The last five minutes come with each picture of the channel. Invariants: only the answer about the channel and
 * the span that are chosen now counts, and it is asked for again each `REFRESH_MS`; while there is none, nothing
 * is shown instead; when the last question had none, `missed` says why, and what was known stays.
 */

export const REFRESH_MS = 20_000;
export const NEWEST = "5m";

export class PushHistory {
  #clock;
  #request;
  #changed;
  #cancel = null;
  #run = 0;
  #channel = null;
  #pushes = null;
  #missed = "";
  span = NEWEST;

  /** `request(frame)` resolves with the answer; `changed()` asks for another drawing. */
  constructor({ clock, request, changed }) {
    this.#clock = clock;
    this.#request = request;
    this.#changed = changed;
  }

  /** Another span is chosen. */
  choose(span) {
    this.span = span;
    this.#begin();
  }

  /** Another channel is looked at. */
  follow(channel) {
    if (channel === this.#channel) return;
    this.#channel = channel;
    this.#begin();
  }

  /** The slices to draw, out of a channel's picture or of what was asked for. */
  series(detail) {
    return this.span === NEWEST ? detail.series : (this.#pushes?.[this.span] ?? []);
  }

  /** Why the last question about what is chosen now had no answer; empty when it had one. */
  get missed() {
    return this.#missed;
  }

  #begin() {
    this.#pushes = null;
    this.#missed = "";
    this.#cancel?.();
    this.#cancel = null;
    const run = (this.#run += 1);
    if (this.span !== NEWEST && this.#channel) this.#ask(run);
    this.#changed();
  }

  async #ask(run) {
    let [pushes, missed] = [this.#pushes, ""];
    try {
      ({ pushes } = await this.#request({ type: "history", channel: this.#channel }));
    } catch (error) {
      missed = `${error.message}. ${error.remedy}`; // the next question comes
    }
    if (run !== this.#run) return;
    this.#pushes = pushes;
    this.#missed = missed;
    this.#cancel = this.#clock.later(REFRESH_MS, () => this.#ask(run));
    this.#changed();
  }
}
