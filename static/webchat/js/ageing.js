/**
 * What was written long ago may have lost its sense: its writer is asked before it goes out.
 */

/** Something this old asks. */
export const ASK_AFTER_MS = 3_600_000;
/** So often what has grown old is looked for without a connection. */
export const LOOK_MS = 60_000;

export const isOld = (ms, now_ms) => now_ms - ms > ASK_AFTER_MS;

/** Whether a record of the outbox asks; `sure_ms`: when its writer last said that it is to go out. */
export const asks = ({ op, at_ms, sure_ms = at_ms }, now_ms) => op === "send" && isOld(sure_ms, now_ms);
