/** A clock that moves when a test says so, and the other ends of what the modules talk to. */

import { takeLimits } from "../../static/webchat/js/limits.js";

/** As a server might put them into its page. */
export const LIMITS = Object.freeze({
  text_bytes: 1000,
  name_bytes: 100,
  about_bytes: 200,
  picture_bytes: 2000,
  file_bytes: 5000,
  channel_chars: 64,
  unread: 100,
});
takeLimits(LIMITS);

export class FakeClock {
  #now = 1_700_000_000_000;
  #timers = [];

  now = () => this.#now;

  later(ms, call) {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** How many timers are waiting. */
  get waiting() {
    return this.#timers.length;
  }

  /** The device sleeps: time passes, and no timer with it. */
  sleep(ms) {
    this.#now += ms;
    for (const timer of this.#timers) timer.at += ms;
  }

  /** Let time pass, calling what falls due in its order. */
  pass(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#now = due.at;
      due.call();
    }
    this.#now = end;
  }
}

/** Let everything that has been promised happen. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Notes each call as [name, ...arguments]. */
export function recorder(...names) {
  const calls = [];
  const listener = { calls };
  for (const name of names) listener[name] = (...given) => calls.push([name, ...given]);
  return listener;
}

/** A WebSocket whose server is the test. */
export class FakeSocket {
  readyState = 0;
  sent = [];

  open() {
    this.readyState = 1;
    this.onopen({});
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  /** The server, or the network, ends it. */
  drop(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }

  close() {
    this.readyState = 3;
  }
}
