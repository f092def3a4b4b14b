/**
 * Files that are dragged onto the page from elsewhere: wherever they fall, they are for the open channel.
 *
 * What the page does not take, the browser opens in its place: a few pixels beside the mark, and the conversation is
 * gone. So the page answers for all of itself. It refuses files (the pointer says so) while no channel is open or a
 * dialog asks something, and what is dragged on the page itself, as a picture of a message; a field for files takes
 * its own. Where they go is outlined for as long as they are above the page, which is told again and again.
 */

import { systemClock } from "../clock.js";
import { byId } from "./dom.js";

/** So long after the last word of it a drag has left; browsers repeat theirs at least every half second. */
export const GONE_MS = 800;

export class Dropping {
  #its;
  #clock;
  #place = byId("conversation");
  #isOwn = false;
  #cancel = null;

  /** `mayTake()`: whether there is a channel for them, `take(files)`. */
  constructor(its, clock = systemClock) {
    this.#its = its;
    this.#clock = clock;
    document.addEventListener("dragstart", () => (this.#isOwn = true));
    // What is dragged may go away meanwhile, and then no end is told; while a drag lasts no pointer moves.
    for (const end of ["dragend", "pointermove"]) document.addEventListener(end, () => (this.#isOwn = false), { passive: true });
    document.addEventListener("dragover", (event) => this.#over(event));
    document.addEventListener("drop", (event) => this.#dropped(event));
  }

  get #mayTake() {
    return !this.#isOwn && this.#its.mayTake() && !document.querySelector("dialog[open]");
  }

  #over(event) {
    if (!isOfFiles(event)) return;
    event.preventDefault();
    const mayTake = this.#mayTake;
    event.dataTransfer.dropEffect = mayTake ? "copy" : "none";
    this.#outline(mayTake);
  }

  #dropped(event) {
    this.#outline(false);
    if (!isOfFiles(event)) return;
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    if (files.length > 0 && this.#mayTake) this.#its.take(files);
  }

  #outline(isOn) {
    this.#cancel?.();
    this.#cancel = isOn ? this.#clock.later(GONE_MS, () => this.#outline(false)) : null;
    this.#place.classList.toggle("is-target", isOn);
  }
}

const isOfFiles = ({ dataTransfer, target }) => dataTransfer.types.includes("Files") && !target.closest?.("input[type=file]");
