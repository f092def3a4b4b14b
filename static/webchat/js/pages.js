/**
 * Pages of history on their way from the node: older ones, the newest, what a gap lacks, what surrounds a place.
 *
 * One at a time of each kind: who asks for what is on its way already waits for that. What the server refuses for the
 * number of questions is asked again by itself, `TRIES_MAX` times with longer and longer pauses, before anybody has to
 * press a button for it.
 */

import { systemClock } from "./clock.js";
import { HISTORY_LIMIT, justBehind, paged, pagedApart } from "./holding.js";

export const TRIES_MAX = 5;
const PAUSE_MS = 1000;

export class HistoryPages {
  #app;
  #clock;
  #loads = new Map();

  constructor(app, clock = systemClock) {
    this.#app = app;
    this.#clock = clock;
  }

  /** The page before the oldest message that is here. */
  async loadOlder(name) {
    const oldest = this.#app.messages.rows(name)[0];
    if (oldest?.order) await this.#loadPage(name, oldest.order);
  }

  /** What the node held of the channel before it was joined. */
  loadNewest(name) {
    return this.#loadPage(name, null);
  }

  /** The page that ends with this place in the order, far from what is here; false when it can't be had. */
  async loadAround(name, order) {
    const { messages, channels } = this.#app;
    try {
      const oldest = messages.rows(name)[0];
      const page = await this.#fetch(name, justBehind(order));
      pagedApart(messages, name, order, page.messages, page.more);
      if (messages.rows(name)[0] !== oldest) channels.setOlder(name, page.more ? "idle" : "none");
      return true;
    } catch {
      return false; // whoever asked says so
    }
  }

  /** What may be missing before a row. */
  async fillGap(id) {
    const row = this.#app.messages.row(id);
    if (row?.gap) await this.#once(row, () => this.#fillGap(row));
  }

  /** Whether there may be older ones than those of the page before an order key (null: the newest). */
  async page(name, before) {
    const { messages, more } = await this.#fetch(name, before);
    paged(this.#app.messages, name, before, messages, more);
    return more;
  }

  #loadPage(name, before) {
    const { channels } = this.#app;
    return this.#once(name, async () => {
      channels.setOlder(name, "loading");
      try {
        const more = await this.page(name, before);
        channels.setOlder(name, more ? "idle" : "none");
        this.#app.trim(name);
      } catch {
        channels.setOlder(name, "stuck"); // the page says so and offers to try again
      }
    });
  }

  async #fillGap(row) {
    const { timeline } = this.#app.screen;
    row.gap = "loading";
    timeline.redraw();
    try {
      await this.page(row.channel, row.order);
    } catch {
      row.gap = "stuck";
    }
    timeline.redraw();
  }

  async #fetch(name, before) {
    const frame = { type: "history.page", channel: name, before, limit: HISTORY_LIMIT };
    const page = await this.#patiently(() => this.#app.connection.request(frame));
    for (const message of page.messages) this.#app.learnName(message);
    return page;
  }

  async #patiently(ask) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        if (error.code !== "RATE_LIMITED" || tries >= TRIES_MAX) throw error;
        const pause_ms = Math.max(1000 * (error.retry_after ?? 0), PAUSE_MS * 2 ** (tries - 1));
        await new Promise((over) => this.#clock.later(pause_ms, over));
      }
    }
  }

  async #once(what, load) {
    if (!this.#loads.has(what)) this.#loads.set(what, load().finally(() => this.#loads.delete(what)));
    await this.#loads.get(what);
  }
}
