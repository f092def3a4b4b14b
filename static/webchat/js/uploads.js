/**
 * Files on their way from this page to the node: what is shown of them while they are no messages yet.
 *
 * An upload has the id that its message will have, so trying again is never a second message. It lives as long as
 * the page: a file is not kept in the browser. One goes at a time, in the order in which they were chosen.
 *
 * One that is refused with `RATE_LIMITED` keeps its place, and all of them wait as long as the server says. Without a
 * connection they wait for one; where only the file does not get through, it is tried `TRIES_MAX` times, with longer
 * and longer pauses. Every other refusal is final until somebody tries again.
 */

import { sizeWords } from "./files.js";
import { limits } from "./limits.js";
import { ownError } from "./strings.js";
import { uuid7 } from "./uuid7.js";

export const UPLOADS_MAX = 20;
export const TRIES_MAX = 5;
const PAUSE_MS = 1000;
const UNREACHABLE = new Set(["UPLOAD_LOST", "WORKER_UNAVAILABLE"]);

const FRESH = Object.freeze({ state: "waiting", sent: 0, error: null, tries: 0 });

export class Uploads {
  #post;
  #clock;
  #listener;
  #all = [];
  #running = null;
  #isPausing = false;
  #isLinked = true;

  /**
   * `post(upload, onSent)` returns `{ done, abort() }`, `done` being a promise of the message's report;
   * `listener`: `changed()`, `shared(report)`, `refused(error)` for what is not even begun.
   */
  constructor(post, clock, listener) {
    this.#post = post;
    this.#clock = clock;
    this.#listener = listener;
  }

  /**
   * `{id, channel, name, size, sent, state: "waiting" | "sending" | "failed", error}`, in their order; one that waits
   * because of the pace or for the connection has the error that said so.
   */
  of(channel) {
    return this.#all.filter((upload) => upload.channel === channel);
  }

  /** Whether there is anything that would be lost with the page. */
  get isAny() {
    return this.#all.length > 0;
  }

  /** The page is connected to the own node, or not. */
  setLinked(isLinked) {
    if (isLinked === this.#isLinked) return;
    this.#isLinked = isLinked;
    for (const upload of this.#all) if (isLinked && upload.state === "waiting") Object.assign(upload, { error: null, tries: 0 });
    this.#next();
  }

  /** Share files into a channel. */
  add(channel, files) {
    for (const file of files) {
      const error = this.#refusal(file);
      if (error) this.#listener.refused(error);
      else this.#all.push({ id: uuid7(), channel, file, name: file.name, size: file.size, ...FRESH });
    }
    this.#next();
  }

  #refusal(file) {
    if (file.size === 0) return ownError("FILE_EMPTY");
    if (file.size > limits.file_bytes) return ownError("FILE_TOO_LARGE", { size: sizeWords(limits.file_bytes) });
    return this.#all.length >= UPLOADS_MAX ? ownError("UPLOADS_FULL") : null;
  }

  retry(id) {
    const upload = this.#all.find((each) => each.id === id);
    if (upload?.state !== "failed") return;
    Object.assign(upload, FRESH);
    this.#next();
  }

  /** Take it back; what the node has already taken is a message and stays. */
  cancel(id) {
    const upload = this.#all.find((each) => each.id === id);
    if (!upload) return;
    this.#all = this.#all.filter((each) => each !== upload);
    if (this.#running?.upload === upload) this.#running.abort();
    this.#listener.changed();
  }

  async #next() {
    if (!this.#isLinked)
      for (const upload of this.#all) if (upload.state === "waiting") upload.error ??= ownError("UPLOAD_LOST");
    this.#listener.changed();
    if (this.#running || this.#isPausing || !this.#isLinked) return;
    const upload = this.#all.find((each) => each.state === "waiting");
    if (!upload) return;
    Object.assign(upload, { state: "sending", error: null });
    const { done, abort } = this.#post(upload, (sent) => {
      upload.sent = Math.min(sent, upload.size);
      this.#listener.changed();
    });
    this.#running = { upload, abort };
    this.#listener.changed();
    try {
      const report = await done;
      this.#all = this.#all.filter((each) => each !== upload);
      this.#listener.shared(report);
    } catch (error) {
      if (this.#all.includes(upload)) this.#refused(upload, error); // otherwise it was taken back
    }
    this.#running = null;
    this.#next();
  }

  #refused(upload, error) {
    const isUnreachable = UNREACHABLE.has(error.code);
    if (isUnreachable && this.#isLinked) upload.tries += 1;
    if (upload.tries >= TRIES_MAX || (error.code !== "RATE_LIMITED" && !isUnreachable)) {
      Object.assign(upload, { state: "failed", error });
      return;
    }
    Object.assign(upload, { state: "waiting", sent: 0, error });
    if (!isUnreachable) this.#pause(1000 * (error.retry_after ?? 1));
    else if (this.#isLinked) this.#pause(PAUSE_MS * 2 ** (upload.tries - 1));
  }

  #pause(ms) {
    this.#isPausing = true;
    this.#clock.later(ms, () => {
      this.#isPausing = false;
      this.#next();
    });
  }
}
