/**
 * Menus that open beside a button, above everything, and close by themselves when something else is used.
 */

import { setAttribute } from "./dom.js";

const GAP_PX = 6;

/** Let a button open and close a popover; Escape and what is chosen in it bring the focus back. */
export function opens(opener, popover) {
  let wasOpen = false;
  // A press beside an open popover closes it before the click arrives.
  opener.addEventListener("pointerdown", () => (wasOpen = popover.matches(":popover-open")));
  opener.addEventListener("click", () => {
    if (!wasOpen) openBeside(popover, opener);
    wasOpen = false;
  });
  popover.addEventListener("toggle", (event) => {
    setAttribute(opener, "aria-expanded", String(event.newState === "open"));
  });
  popover.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    popover.hidePopover();
    opener.focus();
  });
  window.addEventListener("resize", () => popover.matches(":popover-open") && place(popover, opener));
  setAttribute(opener, "aria-expanded", "false");
}

/** Open it there; the focus goes into it. */
function openBeside(popover, opener) {
  popover.showPopover();
  place(popover, opener);
  popover.querySelector("button").focus();
}

/** Under its button, or above where there is no room. */
function place(popover, opener) {
  const at = opener.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const { innerWidth, innerHeight } = window;
  const below = at.bottom + GAP_PX;
  const top = below + height <= innerHeight ? below : at.top - GAP_PX - height;
  popover.style.top = `${Math.max(GAP_PX, top)}px`;
  popover.style.left = `${Math.max(GAP_PX, Math.min(at.right - width, innerWidth - width - GAP_PX))}px`;
}
