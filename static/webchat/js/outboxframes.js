/**
 * What the node is asked for a record of the outbox: by its `op`, and what is to be sent by its `kind`; and what
 * kinds of refusals there are.
 */

const UNREACHABLE = new Set(["CONNECTION_LOST", "WORKER_UNAVAILABLE"]);
/** What a node says that never had a message. */
const NEVER_HAD = new Set(["MESSAGE_UNKNOWN", "CHANNEL_UNKNOWN", "NOT_A_MEMBER"]);

export const isUnreachable = ({ code }) => UNREACHABLE.has(code);
export const neverHad = ({ code }) => NEVER_HAD.has(code);

const SENDS = {
  text: ({ text }) => ({ type: "message.send", text }),
  reply: ({ text, reply_to }) => ({ type: "message.send", text, reply_to }),
  edit: ({ target, text }) => ({ type: "message.edit", target, text }),
  delete: ({ target }) => ({ type: "message.delete", target }),
  reaction: ({ target, emoji, on }) => ({ type: "reaction.set", target, emoji, on }),
};

const REQUESTS = {
  send: (record) => ({ channel: record.channel, id: record.id, ...SENDS[record.kind ?? "text"](record) }),
  retry: ({ id }) => ({ type: "message.retry", id }),
  discard: ({ id }) => ({ type: "message.discard", id }),
};

/** What somebody wrote, out of a row, a change or a record. */
export function written({ id, channel, text, at_ms, kind = "text", target = "", emoji = "", on = true, reply_to = "" }) {
  return { id, channel, text, at_ms, kind, target, emoji, on, reply_to };
}

/** The discard of a record, of which nothing can be read any more. */
export const bare = (record) => ({ ...written(record), text: "", before: null, op: "discard", failed: null });

/** The frame that hands a record over. */
export const frameOf = (record) => REQUESTS[record.op](record);
