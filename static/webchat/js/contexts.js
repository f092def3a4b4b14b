/**
 * What the text in the field is about, by channel: the message that it answers, or the own one that it rewrites with
 * the new words so far. It outlives a switch to another channel and a reload, as a draft does.
 *
 * Kept is as much of the message as the field shows of it, for it may not be loaded. What can't be read is no context.
 */

const KINDS = new Set(["reply", "edit"]);
const of = ({ id, channel, author = "", name = "", own = false, text = "", file = null }) => ({
  ...{ id, channel, author, name, own, text },
  file: file && { name: file.name },
});

/** A message that is not here, as a reply knows it. */
export const unknownMessage = (channel, id) => of({ id, channel });

export class Contexts {
  #memory;

  /** `memory`: `get(key)`, `set(key, value)`; an empty value is removed. */
  constructor(memory) {
    this.#memory = memory;
  }

  /** `{kind, row, text}`, or null; `text` is that of an edit. */
  get(channel) {
    const kept = this.#memory.get(key(channel));
    if (!kept) return null;
    try {
      const { kind, row, text } = JSON.parse(kept);
      if (KINDS.has(kind) && typeof row.id === "string" && typeof text === "string") return { kind, row: of({ ...row, channel }), text };
      throw new TypeError("no context");
    } catch (error) {
      console.info(`What this browser kept of a text in ${channel} can't be read:`, error);
      this.#memory.set(key(channel), "");
      return null;
    }
  }

  /** `about`: `{kind, row}`, or null for nothing. */
  set(channel, about, text = "") {
    this.#memory.set(key(channel), about ? JSON.stringify({ kind: about.kind, row: of(about.row), text }) : "");
  }
}

const key = (channel) => `about ${channel}`;
