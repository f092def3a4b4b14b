/**
 * The WebSocket to the own node: answered commands, ordered events, and coming back by itself.
 *
 * Every command has a `ref` and ends exactly once: with its answer, with the server's error, or with
 * `CONNECTION_LOST` when the socket ends or stays silent for `ANSWER_MS`. The cursor of the last event
 * that was handed on goes with the next `hello`, so a short interruption is replayed and a long one
 * brings a snapshot; either way the listener gets `welcome` first and then events in order.
 *
 * At most `ASKED_MAX` commands are unanswered at a time: the server refuses more than it follows at once, and a burst of
 * questions of the page itself must not cost somebody a message or a page of history. The others wait for their turn,
 * at most `WAITING_MAX` of them; more are refused here as the server would (`RATE_LIMITED`).
 *
 * A socket may be dead and nobody is told, as after a laptop has slept. So one on which nothing has come for
 * `QUIET_MS` is asked for a sign of life, and left when there is none. Timers sleep as well: whoever looks at the
 * page again (`woken`) has that asked at once when it is due by the clock, and waits `WOKEN_ANSWER_MS` alone.
 *
 * Reconnecting: exponential backoff with jitter (`backoffMs`), at once on `tryNow`. Phases: `connecting`,
 * `waiting` (with `retryAt_ms`), `greeting` (open, the node has not answered yet), `open`, `ended`
 * (signed out, another account than the page's, no longer allowed, or too many pages: only a person can change that). `reason` is a key of strings.js.
 */

import { ownError } from "./strings.js";

export const ANSWER_MS = 10000;
export const QUIET_MS = 25000;
export const WOKEN_ANSWER_MS = 3000;
/** Half of what the server follows of one socket at a time (docs/api.md). */
export const ASKED_MAX = 32;
export const WAITING_MAX = 1000;
const BACKOFF_MIN_MS = 300;
const BACKOFF_MAX_MS = 10000;
const CLOSE_SESSION_ENDED = 4401;
const CLOSE_NOT_ALLOWED = 4403;
const CLOSE_RECONNECT = 4409;
const CLOSE_TOO_MANY = 4429;
const OPEN = 1;

/** The wait before attempt `n` (from 0): doubling up to a limit, the upper half of it by chance. */
export function backoffMs(n, random) {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** n);
  return full / 2 + (random() * full) / 2;
}

export class Connection {
  #makeSocket;
  #clock;
  #random;
  #listener;
  #isOurs;
  #socket = null;
  #phase = "waiting";
  #cursor = null;
  #attempts = 0;
  #refs = 0;
  #asked = new Map();
  #waiting = [];
  #cancelRetry = null;
  #cancelProbe = null;
  #heardAt_ms = 0;

  /**
   * `listener`: `phase(state)`, `welcome(frame)`, `event(frame)`, `trouble(error)`. `isOurs(welcome)`: whether it is for
   * the account of this page. Cookies belong to the browser: when somebody else has signed in, the socket is theirs.
   */
  constructor({ makeSocket, clock, random, listener, isOurs = () => true }) {
    this.#makeSocket = makeSocket;
    this.#clock = clock;
    this.#random = random;
    this.#listener = listener;
    this.#isOurs = isOurs;
  }

  get isOpen() {
    return this.#phase === "open";
  }

  /** Only a person can change that there is no connection. */
  get isEnded() {
    return this.#phase === "ended";
  }

  /** Connect, or reconnect at once instead of waiting; harmless while a socket is fine. */
  tryNow() {
    if (this.#phase === "greeting") this.#greet();
    if (this.#socket) return;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#enter("connecting");
    const socket = this.#makeSocket();
    this.#socket = socket;
    this.#cancelProbe = this.#clock.later(ANSWER_MS, () => this.interrupted("link.refused"));
    const mine = (act) => (event) => this.#socket === socket && act(event);
    socket.onopen = mine(() => {
      this.#heard();
      this.#enter("greeting");
      this.#greet();
    });
    socket.onmessage = mine((event) => this.#take(JSON.parse(event.data)));
    socket.onclose = mine((event) => this.#closed(event.code));
  }

  /** The page is looked at again, and may have slept. */
  woken() {
    if (this.#phase !== "open" || this.#clock.now() - this.#heardAt_ms < QUIET_MS) return;
    this.#heardAt_ms = this.#clock.now(); // several events tell of one waking
    this.#probe(WOKEN_ANSWER_MS);
  }

  /** The device has lost its network: don't wait for a timeout. */
  interrupted(reason) {
    if (this.#phase === "ended") return;
    this.#abandon();
    this.#retry(reason);
  }

  /** Ask the node; resolves with the answer's frame, rejects with `{code, message, remedy, …}`. */
  request(frame, wait_ms = ANSWER_MS) {
    if (this.#phase !== "open") return Promise.reject(ownError("CONNECTION_LOST"));
    if (this.#asked.size < ASKED_MAX) return this.#ask(frame, wait_ms);
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject({ ...ownError("RATE_LIMITED"), retry_after: 1 });
    return new Promise((resolve, reject) => this.#waiting.push({ frame, wait_ms, resolve, reject }));
  }

  /** There is room for one that waits. */
  #askNext() {
    if (this.#asked.size >= ASKED_MAX || this.#phase !== "open") return;
    const next = this.#waiting.shift();
    if (next) this.#ask(next.frame, next.wait_ms).then(next.resolve, next.reject);
  }

  #ask(frame, wait_ms = ANSWER_MS) {
    this.#refs += 1;
    const ref = String(this.#refs);
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.later(wait_ms, () => this.interrupted("link.silent"));
      this.#asked.set(ref, { resolve, reject, cancel });
      if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify({ ...frame, ref }));
    });
  }

  #greet() {
    const hello = { type: "hello" };
    if (this.#cursor) hello.cursor = this.#cursor;
    // The answer, a welcome, is handled where welcomes come unasked as well.
    this.#ask(hello).catch((error) => {
      if (this.#phase === "greeting") this.#listener.phase({ phase: "greeting", error });
    });
  }

  /** Something was heard: ask only after another while. */
  #heard() {
    this.#cancelProbe?.();
    this.#heardAt_ms = this.#clock.now();
    this.#cancelProbe = this.#clock.later(QUIET_MS, () => this.#probe(ANSWER_MS));
  }

  #probe(wait_ms) {
    this.#ask({ type: "ping" }, wait_ms).catch(() => {}); // any answer is one, and none ends the connection
  }

  #take(frame) {
    this.#heard();
    if (frame.ref) this.#answered(frame);
    if (frame.type === "welcome") this.#welcomed(frame);
    else if (frame.type === "error") {
      if (!frame.ref) this.#listener.trouble(frame);
    } else if (!frame.ref && (this.#phase === "open" || !frame.cursor)) {
      this.#listener.event(frame);
      if (frame.cursor) this.#cursor = frame.cursor;
    }
  }

  #welcomed(frame) {
    this.#attempts = 0;
    if (!this.#isOurs(frame)) {
      this.#abandon();
      this.#enter("ended", { reason: "link.changed" });
      return;
    }
    this.#cursor = frame.cursor;
    try {
      this.#listener.welcome(frame);
    } finally {
      this.#enter("open"); // an error of the page, which the browser reports, is none of the connection
    }
  }

  #answered(frame) {
    const asked = this.#asked.get(frame.ref);
    if (!asked) return;
    this.#asked.delete(frame.ref);
    asked.cancel();
    if (frame.type === "error") asked.reject(frame);
    else asked.resolve(frame);
    this.#askNext();
  }

  #closed(code) {
    this.#abandon();
    if (code === CLOSE_SESSION_ENDED) this.#enter("ended", { reason: "link.session", code });
    else if (code === CLOSE_NOT_ALLOWED) this.#enter("ended", { reason: "link.rights", code });
    else if (code === CLOSE_TOO_MANY) this.#enter("ended", { reason: "link.crowded", code });
    else if (code === CLOSE_RECONNECT && this.#attempts === 0) this.tryNow();
    else this.#retry(this.#attempts === 0 ? "link.lost" : "link.refused", code);
  }

  #abandon() {
    this.#cancelProbe?.();
    const socket = this.#socket;
    this.#socket = null;
    if (socket && socket.readyState <= OPEN) socket.close();
    const unanswered = [...this.#asked.values(), ...this.#waiting];
    this.#asked.clear();
    this.#waiting = [];
    for (const { reject, cancel } of unanswered) {
      cancel?.();
      reject(ownError("CONNECTION_LOST"));
    }
  }

  #retry(reason, code) {
    this.#cancelRetry?.();
    const wait = backoffMs(this.#attempts, this.#random);
    this.#attempts += 1;
    this.#cancelRetry = this.#clock.later(wait, () => this.tryNow());
    this.#enter("waiting", { reason, code, retryAt_ms: this.#clock.now() + wait });
  }

  #enter(phase, more = {}) {
    this.#phase = phase;
    this.#listener.phase({ phase, ...more });
  }
}
