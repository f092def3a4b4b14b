/**
 * What stands behind a name: the beginning of the fingerprint where it is not unique, and the reader's own mark.
 */

import { shortPrint } from "../naming.js";
import { say } from "../strings.js";
import { h, icon } from "./dom.js";

/** The elements behind the name of `{id, isTwin, isVerified}`. */
export function nameMarks({ id, isTwin, isVerified }) {
  const mark = icon("verified");
  mark.classList.add("verified");
  return [
    ...(isVerified ? [" ", mark, h("span", { class: "visually-hidden" }, say("person.verified"))] : []),
    ...(isTwin ? [" ", h("code", { class: "print" }, shortPrint(id))] : []),
  ];
}
