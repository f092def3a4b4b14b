/**
 * The tabs of one account: one of them leads (Web Locks), and all hear what each says.
 *
 * The lead is given up with the connection, so a tab that can't reach the node never holds up another.
 * Web Locks need https or localhost; without them every tab leads, which is safe, only wasteful,
 * because handing over is idempotent.
 */

export class Tabs {
  onWord = () => {};
  #name;
  #locks;
  #channel;
  #resign = null;

  constructor(name, locks = globalThis.navigator?.locks, Channel = globalThis.BroadcastChannel) {
    this.#name = name;
    this.#locks = locks;
    this.#channel = Channel ? new Channel(name) : null;
    if (this.#channel) this.#channel.onmessage = (event) => this.onWord(event.data);
  }

  /** Say something to the other tabs. */
  tell(word) {
    this.#channel?.postMessage(word);
  }

  /** Call `begin` when this tab leads, which may be much later. */
  lead(begin) {
    this.resign();
    if (!this.#locks) {
      begin();
      return;
    }
    const waiting = new AbortController();
    const holding = new Promise((release) => {
      this.#resign = () => {
        waiting.abort();
        release();
      };
    });
    this.#locks
      .request(this.#name, { signal: waiting.signal }, async () => {
        if (waiting.signal.aborted) return;
        await begin();
        await holding;
      })
      .catch((error) => {
        if (error.name !== "AbortError") throw error;
      });
  }

  /** Let another tab lead. */
  resign() {
    this.#resign?.();
    this.#resign = null;
  }
}
