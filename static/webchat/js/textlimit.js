/**
 * How long a text is for the network: bytes of UTF-8, the unit of the limit, not characters.
 */

const encoder = new TextEncoder();

/** `{bytes, left, isOver, isNear}`; near is when it is worth telling. */
export function measured(text, max_bytes) {
  const bytes = text.length * 3 < max_bytes / 2 ? text.length : encoder.encode(text).length;
  const left = max_bytes - bytes;
  return { bytes, left, isOver: left < 0, isNear: left < max_bytes * 0.1 };
}
