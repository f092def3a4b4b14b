/**
 * What the health page says aloud by itself: that the server or a channel became better or worse, or can't be seen, once.
 *
 * Invariants: a verdict is said when it has stood for `STEADY_MS`, so one that goes to and fro is not; what was
 * there at the beginning, or is as it was said last, is not said; at most `NAMED_MAX` channels are named at a time,
 * the others counted. The live region is polite: it waits until the reader has ended.
 */

import { count } from "./format.js";
import { say } from "./strings.js";
import { channelStateOf, hostSentence, stateOf } from "./verdicts.js";

export const STEADY_MS = 3000;
export const NAMED_MAX = 3;

const HOST = "";
const UNSEEN = "unseen";

export class Announcing {
  #said = new Map();
  #news = new Map();
  #now;

  /** `now`: a monotonic clock in ms. */
  constructor(now) {
    this.#now = now;
  }

  /** A snapshot has come: the sentence to say, or nothing. */
  heard({ host, channels }) {
    const named = new Map([[HOST, stateOf(host.verdict)], ...channels.map(({ channel, verdict, error }) => [channel, shown(verdict, error)])]);
    for (const gone of [...this.#said.keys()].filter((name) => !named.has(name))) this.#forget(gone);
    const due = [...named].filter(([name, { state }]) => this.#isDue(name, state));
    const parts = due.filter(([name]) => name === HOST).map(([, { word }]) => `${word}: ${hostSentence(host, channels)}`);
    const changed = due.filter(([name]) => name !== HOST);
    parts.push(...changed.slice(0, NAMED_MAX).map(([channel, { word }]) => say("said.state", { channel, state: word })));
    const left = changed.length - NAMED_MAX;
    if (left > 0) parts.push(say("said.more", { n: left, count: count(left) }));
    return parts.join(" ");
  }

  #isDue(name, state) {
    const before = this.#said.get(name);
    if (before === state || state === "unknown") {
      this.#news.delete(name);
      return false;
    }
    if (before === undefined) {
      this.#said.set(name, state);
      return false;
    }
    const news = this.#news.get(name);
    if (news?.state !== state) this.#news.set(name, { state, at_ms: this.#now() });
    if (this.#now() - this.#news.get(name).at_ms < STEADY_MS) return false;
    this.#said.set(name, state);
    this.#news.delete(name);
    return true;
  }

  #forget(name) {
    this.#said.delete(name);
    this.#news.delete(name);
  }
}

/** A channel's state and its word; that it can't be looked at is a state, that it was not yet is none to speak of. */
function shown(verdict, error) {
  const found = channelStateOf(verdict, error);
  return error ? { ...found, state: UNSEEN } : found;
}
