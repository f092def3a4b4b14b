/**
 * Who is writing just now, and telling others that one writes; no page in it.
 *
 * A hint says no more than "a moment ago": it fades after `FADES_MS` without another one, or as soon as the
 * author's message is there. Own hints go out at most every `EVERY_MS`; a lost one is not sent again.
 */

export const FADES_MS = 5000;
export const EVERY_MS = 2000;
/** Writers that are remembered in one channel; more are not told apart anyway. */
export const WRITERS_MAX = 20;

export class Typing {
  #clock;
  #changed;
  #tell;
  #writers = new Map();
  #told = new Map();

  /** `tell(channel)` sends a hint; `changed(channel)` is called when who writes there has changed. */
  constructor(clock, { tell, changed }) {
    this.#clock = clock;
    this.#tell = tell;
    this.#changed = changed;
  }

  /** Something was typed in the composer. */
  typed(channel) {
    const now = this.#clock.now();
    if (now - (this.#told.get(channel) ?? -EVERY_MS) < EVERY_MS) return;
    this.#told.set(channel, now);
    this.#tell(channel);
  }

  /** A hint of somebody else; one that was long under way says nothing any more. */
  heard({ channel, author, at_ms }) {
    if (this.#clock.now() - at_ms > FADES_MS) return;
    const writers = this.#writersOf(channel);
    writers.get(author)?.();
    if (writers.size >= WRITERS_MAX && !writers.has(author)) return;
    writers.set(
      author,
      this.#clock.later(FADES_MS, () => this.wrote(channel, author)),
    );
    this.#changed(channel);
  }

  /** The author's message is there, or nothing came for long enough. */
  wrote(channel, author) {
    const writers = this.#writersOf(channel);
    if (!writers.has(author)) return;
    writers.get(author)();
    writers.delete(author);
    this.#changed(channel);
  }

  /** Ids of those who write, who began first first. */
  writers(channel) {
    return [...(this.#writers.get(channel)?.keys() ?? [])];
  }

  #writersOf(channel) {
    if (!this.#writers.has(channel)) this.#writers.set(channel, new Map());
    return this.#writers.get(channel);
  }
}
