/**
 * The time that passes over a row on its way: when its words change, and when it counts as failed.
 *
 * `follow` may be called as often as one likes: while nothing that matters has changed, the running
 * timers go on, so that repeated reports don't give a message more time.
 */

export const SENDING_MS = 300;
export const STILL_MS = 2000;
/** 5 s without a quorum, and a moment for the node's own failure, which knows the reason. */
export const QUORUM_MS = 5500;

export class RowWatch {
  #clock;
  #onStage;
  #onExpired;
  #followed = new Map();

  constructor(clock, onStage, onExpired) {
    this.#clock = clock;
    this.#onStage = onStage;
    this.#onExpired = onExpired;
  }

  /** Time the row by its phase; `mayExpire`: it fails at the end. */
  follow(row, mayExpire) {
    if (row.state !== "pending" || row.phase !== "sending") {
      row.stage = 0;
      this.leave(row);
      return;
    }
    if (this.#followed.get(row.id)?.mayExpire === mayExpire) return;
    this.leave(row);
    const timers = [];
    const at = (ms, call) => timers.push(this.#clock.later(ms, call));
    if (row.stage < 1) at(SENDING_MS, () => this.#onStage(row, 1));
    if (row.stage < 2) at(STILL_MS, () => this.#onStage(row, 2));
    if (mayExpire) at(QUORUM_MS, () => this.#onExpired(row));
    this.#followed.set(row.id, { mayExpire, timers });
  }

  /** Stop timing the row. */
  leave(row) {
    for (const cancel of this.#followed.get(row.id)?.timers ?? []) cancel();
    this.#followed.delete(row.id);
  }
}
