/**
 * How many nodes have a shared file, as the own node could find out.
 *
 * An answer costs that node questions to others, and most files are never everywhere. So only the files whose rows
 * are in sight or near it are asked about, at most `ASKING_MAX` at a time, while the page is looked at and connected;
 * and as long as the answer stays the same the next question waits twice as long as the one before, up to
 * `PAUSE_MAX_MS`. What a row shows meanwhile is the last answer.
 */

/** How long an answer is good at first. */
export const FRESH_MS = 30_000;
/** And so long while the file is still spreading, or nobody could be asked. */
export const SPREADING_MS = 5000;
export const PAUSE_MAX_MS = 120_000;
export const ASKING_MAX = 4;
/** Files whose nodes are remembered; the one asked longest ago is forgotten first. */
export const KNOWN_MAX = 500;

export class Availability {
  #its;
  #known = new Map();
  #near = [];
  #asking = new Set();
  #cancel = null;

  /**
   * `ask(channel, id)` is the node's answer; `mayAsk()`: whether the page is in sight and connected; `changed()` is
   * told when an answer is news; `clock`.
   */
  constructor(its) {
    this.#its = its;
  }

  /** `{nodes, asked, here}` as last heard, or null. */
  of({ id }) {
    return this.#known.get(id)?.answer ?? null;
  }

  /** These rows are in sight or near it now; again and again, as a page is drawn and scrolled. */
  near(rows) {
    this.#near = rows.filter((row) => row.file && !row.deleted && row.order).slice(-KNOWN_MAX);
    this.#go();
  }

  /** Whether anybody who is reachable has it now; where the node can't say, it is worth a try. */
  async canBeHad({ channel, id }) {
    try {
      return (await this.#its.ask(channel, id)).nodes > 0;
    } catch (error) {
      return error.code !== "FILE_UNAVAILABLE";
    }
  }

  /** Ask what is due, and come back when the next is. */
  #go() {
    this.#cancel?.();
    this.#cancel = null;
    if (!this.#its.mayAsk()) return; // looked at again, and connected again, the page is drawn again
    const { clock } = this.#its;
    let next_ms = Infinity;
    for (const row of this.#near) {
      const due_ms = this.#known.get(row.id)?.due_ms ?? 0;
      if (due_ms > clock.now()) next_ms = Math.min(next_ms, due_ms);
      else if (this.#asking.size < ASKING_MAX && !this.#asking.has(row.id)) this.#look(row);
    }
    if (next_ms < Infinity) this.#cancel = clock.later(next_ms - clock.now(), () => this.#go());
  }

  async #look({ channel, id }) {
    this.#asking.add(id);
    const before = this.#known.get(id);
    let answer = before?.answer ?? null;
    try {
      const { nodes, asked, here } = await this.#its.ask(channel, id);
      answer = { nodes, asked, here };
    } catch {
      // Nobody waits for it: what is not known now is asked again, after a longer pause.
    }
    this.#asking.delete(id);
    const isNews = !isSame(answer, before?.answer ?? null);
    const least_ms = answer && answer.nodes >= answer.asked ? FRESH_MS : SPREADING_MS;
    const pause_ms = isNews || !before ? least_ms : Math.min(PAUSE_MAX_MS, Math.max(least_ms, 2 * before.pause_ms));
    this.#known.delete(id);
    this.#known.set(id, { answer, pause_ms, due_ms: this.#its.clock.now() + pause_ms });
    if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.keys().next().value);
    if (isNews) this.#its.changed();
    this.#go();
  }
}

const isSame = (a, b) => a === b || (a !== null && b !== null && ["nodes", "asked", "here"].every((name) => a[name] === b[name]));
