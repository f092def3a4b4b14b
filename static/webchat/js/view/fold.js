/**
 * A long message is folded: as high as some twenty lines, the rest behind a button.
 *
 * The style cuts it off by height alone, and the button lies over what is cut off. So a row is as high before its
 * text was looked at as after, and nothing moves when that turns out to be too long. Whether somebody has unfolded a
 * message is the row's (`isUnfolded`), so it stays so when its element goes and comes.
 */

import { say } from "../strings.js";
import { h, setAttribute, setText } from "./dom.js";

/** What has fewer letters and lines fits in whole, also where few letters go into a line; nobody need look. */
const LETTERS_MIN = 200;
const LINES_MIN = 8;
/** Fractions of a line are no rest. */
const SLACK_PX = 8;

const watched = new ResizeObserver((entries) => {
  for (const { target } of entries) judge(target);
});

/** The place of a text with its button. */
export function makeFold(text) {
  const button = h("button", { type: "button", class: "action fold", "data-action": "fold", hidden: true });
  Object.assign(text, { button, isWatched: false, isUnfolded: false });
  return h("div", { class: "said" }, text, button);
}

/** After the text was drawn: fold it, or not. */
export function drawFold(text, row) {
  const isLong = !row.deleted && mayBeLong(row.text);
  const isUnfolded = isLong && Boolean(row.isUnfolded);
  const isOther = isUnfolded !== text.isUnfolded || (text.isWatched && !isLong);
  if (isLong && !text.isWatched) watched.observe(text);
  if (!isLong && text.isWatched) watched.unobserve(text);
  Object.assign(text, { isWatched: isLong, isUnfolded });
  text.classList.toggle("is-long", isLong && !isUnfolded);
  if (isOther) judge(text); // at once, so that what is read can be kept in its place; otherwise after the layout
}

/** Whether a text may have more lines than are shown at once. */
export function mayBeLong(text) {
  return text.length >= LETTERS_MIN || text.split("\n", LINES_MIN + 1).length > LINES_MIN;
}

function judge(text) {
  const { button, isWatched, isUnfolded } = text;
  const isFolded = isWatched && !isUnfolded && text.scrollHeight > text.clientHeight + SLACK_PX;
  text.parentElement.classList.toggle("is-folded", isFolded);
  const isOffered = isFolded || isUnfolded;
  const isLeft = !isOffered && button === document.activeElement;
  button.hidden = !isOffered;
  if (isLeft) focusRow(text.closest("[data-msg-id]"));
  if (!isOffered) return;
  setAttribute(button, "aria-expanded", String(isUnfolded));
  setText(button, say(isUnfolded ? "fold.less" : "fold.all"));
}

/** A button that went away must not drop the focus to the top of the page. */
function focusRow(row) {
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
}
