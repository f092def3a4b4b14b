/**
 * Shared files as the page shows them: where they are, whether they may be shown, how many nodes have them.
 */

import { withTenths } from "./strings.js";

/** How long an answer about a file's nodes is good. */
export const FRESH_MS = 30_000;
/** And so long while it is still spreading, or nobody could be asked. */
export const SPREADING_MS = 5000;
/** Files whose nodes are remembered; the one asked longest ago is asked again. */
export const KNOWN_MAX = 500;
/** Larger pictures are shown when somebody wants to see them. */
export const SHOWN_MAX_BYTES = 5 * 1024 * 1024;
const LIKE_A_PICTURE = /\.(png|jpe?g|gif|webp)$/i;

/** Where the own server has a message's file. */
export const fileAddress = (channel, id) => `/files/${encodeURIComponent(channel.slice(1))}/${id}/`;

/** Whether it is worth trying to show it; whether it is a picture its bytes decide, at the server. */
export const mayBeShown = ({ name, size }) => LIKE_A_PICTURE.test(name) && size <= SHOWN_MAX_BYTES;

/** Whether it looks like a picture that is shown when somebody wants to see it. */
export const isLargePicture = ({ name, size }) => LIKE_A_PICTURE.test(name) && size > SHOWN_MAX_BYTES;

/** A size as people read it. */
export function sizeWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${withTenths(bytes / 1_000_000)} MB`;
}

/** How many nodes have a file: asked when a row is shown, and again when the answer is old. */
export class Availability {
  #ask;
  #clock;
  #changed;
  #known = new Map();

  /** `ask(channel, id)` is the node's answer, `changed()` is told when one has come. */
  constructor(ask, clock, changed) {
    this.#ask = ask;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** `{nodes, asked, here}` as last heard, or null. */
  of({ channel, id }) {
    const known = this.#known.get(id);
    if (!known || this.#clock.now() - known.at_ms >= freshMs(known.answer)) this.#look(channel, id, known?.answer ?? null);
    return this.#known.get(id).answer;
  }

  /** Whether anybody who is reachable has it now; where the node can't say, it is worth a try. */
  async canBeHad({ channel, id }) {
    try {
      return (await this.#ask(channel, id)).nodes > 0;
    } catch (error) {
      return error.code !== "FILE_UNAVAILABLE";
    }
  }

  async #look(channel, id, before) {
    this.#known.delete(id);
    this.#known.set(id, { at_ms: this.#clock.now(), answer: before });
    if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.keys().next().value);
    try {
      const { nodes, asked, here } = await this.#ask(channel, id);
      if (this.#known.has(id)) this.#known.get(id).answer = { nodes, asked, here };
      this.#changed();
      // Rows that are still on the page ask again when they are drawn.
      if (nodes < asked) this.#clock.later(SPREADING_MS, this.#changed);
    } catch {
      // What is not known now is asked again when the row is drawn later.
    }
  }
}

const freshMs = (answer) => (answer && answer.nodes >= answer.asked ? FRESH_MS : SPREADING_MS);
