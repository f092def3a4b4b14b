/**
 * Asking the node about what it may have got from an earlier page that never heard so: before its writer is asked
 * whether it is to go out after all, and before it is handed over once more.
 */

import { neverHad } from "./outboxframes.js";

export class Inquiry {
  #its;
  #asked = new Set();

  /** `request(frame)`; `isHeld(record)`: it is still what there is; `through(record)`: the node has it. */
  constructor(its) {
    this.#its = its;
  }

  /** There is another connection: each may be asked about once more. */
  begin() {
    this.#asked.clear();
  }

  /** Ask about each, one after the other, once in a connection; `absent(record)` is told of what the node has not. */
  async about(records, absent) {
    for (const record of records) {
      if (this.#asked.has(record.id)) continue;
      this.#asked.add(record.id);
      try {
        if (await this.isThrough(record)) continue;
      } catch {
        this.#asked.delete(record.id); // no connection any more: with the next one
      }
      if (this.#its.isHeld(record)) absent(record);
    }
  }

  /** Whether the node has it; then there is nothing left to do. */
  async isThrough(record) {
    const { channel, id } = record;
    try {
      await this.#its.request({ type: "message.known", channel, id });
    } catch (error) {
      if (!neverHad(error)) throw error;
      return false;
    }
    if (this.#its.isHeld(record)) await this.#its.through(record);
    return true;
  }
}
