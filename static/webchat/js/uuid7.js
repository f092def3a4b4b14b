/**
 * Message ids: UUID version 7 (RFC 9562), made where the message is written.
 *
 * 48 bits of Unix time in ms, then a 74-bit random part which within one ms is counted up instead of
 * drawn anew (method 2 of section 6.2). So the ids of one page sort in the order in which they were
 * made, also when the wall clock is set back: then the last time is kept and the counter goes on.
 * `crypto.getRandomValues` exists on pages without https as well; `crypto.randomUUID` does not.
 */

const RANDOM_BYTES = 10;
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A source of ids; `now` is ms since the epoch, `fill` fills a Uint8Array with random bytes. */
export function uuid7Source(now, fill) {
  let time = -1;
  const tail = new Uint8Array(RANDOM_BYTES);

  function draw() {
    fill(tail);
    tail[0] &= 0x07; // 12 bits rand_a follow the version; the top bit stays free for counting
    tail[2] &= 0x3f; // 62 bits rand_b follow the variant
  }

  /** Add one to the 74-bit number in `tail`; false when it has run over. */
  function countUp() {
    for (let at = RANDOM_BYTES - 1; at >= 0; at -= 1) {
      const limit = at === 0 ? 0x0f : at === 2 ? 0x3f : 0xff;
      if (tail[at] < limit) {
        tail[at] += 1;
        return true;
      }
      tail[at] = 0;
    }
    return false;
  }

  return function uuid7() {
    const wall = now();
    if (wall > time) {
      time = wall;
      draw();
    } else if (!countUp()) {
      time += 1;
      draw();
    }
    const stamp = Math.floor(time).toString(16).padStart(12, "0");
    const a = 0x7000 | (tail[0] << 8) | tail[1];
    const b = [0x80 | tail[2], ...tail.slice(3)];
    const rest = hex(b);
    return `${stamp.slice(0, 8)}-${stamp.slice(8)}-${a.toString(16)}-${rest.slice(0, 4)}-${rest.slice(4)}`;
  };
}

/** The page's own source. */
export const uuid7 = uuid7Source(
  () => Date.now(),
  (bytes) => globalThis.crypto.getRandomValues(bytes),
);
