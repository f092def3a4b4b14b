/**
 * Shared files as the page shows them: where they are, whether they may be shown, how large they are.
 */

import { withTenths } from "./strings.js";

/** Larger pictures are shown when somebody wants to see them. */
export const SHOWN_MAX_BYTES = 5 * 1024 * 1024;
const LIKE_A_PICTURE = /\.(png|jpe?g|gif|webp)$/i;

/** Where the own server has a message's file. */
export const fileAddress = (channel, id) => `/files/${encodeURIComponent(channel.slice(1))}/${id}/`;

/** Whether it is worth trying to show it; whether it is a picture its bytes decide, at the server. */
export const mayBeShown = ({ name, size }) => LIKE_A_PICTURE.test(name) && size <= SHOWN_MAX_BYTES;

/** Whether it looks like a picture that is shown when somebody wants to see it. */
export const isLargePicture = ({ name, size }) => LIKE_A_PICTURE.test(name) && size > SHOWN_MAX_BYTES;

/** A size as people read it. */
export function sizeWords(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${withTenths(bytes / 1_000_000)} MB`;
}
