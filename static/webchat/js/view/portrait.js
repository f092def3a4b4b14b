/**
 * How somebody looks: the picture that he chose, or the identicon of his node.
 */

import { pictureAddress } from "../naming.js";
import { avatar, h } from "./dom.js";

/** An element for `{id, picture}`; a picture that can't be had becomes the identicon. */
export function portrait({ id, picture }) {
  if (!picture) return avatar(id);
  const image = h("img", { class: "avatar portrait", src: pictureAddress(id, picture), alt: "", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(avatar(id)));
  return image;
}
