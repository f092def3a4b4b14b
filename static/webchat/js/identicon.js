/**
 * A picture for a node id: the speckles of a starling, mirrored, in one of twelve hues.
 *
 * Only arithmetic on the id's hex digits, so every page draws the same picture for the same node. The
 * hue is a number from 0 to 11; the colours, for light and dark, are the style sheet's.
 */

export const HUES = 12;
const GRID = 5;
const HALF = 3;

/** Bytes of the id's hex digits; other text (a node that is not known yet) is hashed into some. */
function bytesOf(id) {
  const bytes = (id.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => parseInt(pair, 16));
  if (bytes.length >= 16) return bytes;
  let state = 2166136261;
  return Array.from({ length: 20 }, (_, at) => {
    state = Math.imul(state ^ (id.charCodeAt(at % (id.length || 1)) || at), 16777619) >>> 0;
    return (state >>> 13) & 0xff;
  });
}

/** `{hue, dots: [{x, y, r}]}` on a square of 5 by 5; left and right are alike. */
export function identicon(id) {
  const bytes = bytesOf(id);
  const dots = [];
  for (let column = 0; column < HALF; column += 1) {
    for (let y = 0; y < GRID; y += 1) {
      const value = bytes[1 + ((column * GRID + y) % (bytes.length - 1))];
      if (value % 8 < 3) continue;
      const r = 0.24 + ((value >> 3) % 4) * 0.085;
      dots.push({ x: column + 0.5, y: y + 0.5, r });
      if (column < GRID - 1 - column) dots.push({ x: GRID - column - 0.5, y: y + 0.5, r });
    }
  }
  return { hue: bytes[0] % HUES, dots };
}
