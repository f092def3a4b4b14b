/**
 * How the pushes of a channel went in the last hour or day, for the plots: asked for while somebody wants to see it.
 *
 * The last five minutes come with each picture of the channel. Invariants: only the answer about the channel and
 * the span that are chosen now counts, and it is asked for again each `REFRESH_MS`; while there is none, nothing
 * is shown instead.
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

  #begin() {
    this.#pushes = null;
    this.#cancel?.();
    this.#cancel = null;
    const run = (this.#run += 1);
    if (this.span !== NEWEST && this.#channel) this.#ask(run);
    this.#changed();
  }

  async #ask(run) {
    let pushes = this.#pushes;
    try {
      ({ pushes } = await this.#request({ type: "history", channel: this.#channel }));
    } catch {
      // the page says itself when nobody answers; the next question comes
    }
    if (run !== this.#run) return;
    this.#pushes = pushes;
    this.#cancel = this.#clock.later(REFRESH_MS, () => this.#ask(run));
    this.#changed();
  }
}
