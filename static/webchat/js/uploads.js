/**
 * Files on their way from this page to the node: what is shown of them while they are no messages yet.
 *
 * An upload has the id that its message will have, so trying again is never a second message. It lives as long as
 * the page: a file is not kept in the browser. One goes at a time, in the order in which they were chosen.
 *
 * One that is refused with `RATE_LIMITED` keeps its place, and all of them wait as long as the server says. Every
 * other refusal is final until somebody tries again.
 */

import { limits } from "./limits.js";
import { ownError } from "./strings.js";
import { uuid7 } from "./uuid7.js";

export const UPLOADS_MAX = 20;

export class Uploads {
  #post;
  #clock;
  #listener;
  #all = [];
  #running = null;
  #isPausing = false;

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
   * because of the pace has the error that said so.
   */
  of(channel) {
    return this.#all.filter((upload) => upload.channel === channel);
  }

  /** Share files into a channel. */
  add(channel, files) {
    for (const file of files) {
      const error = this.#refusal(file);
      if (error) this.#listener.refused(error);
      else this.#all.push({ id: uuid7(), channel, file, name: file.name, size: file.size, sent: 0, state: "waiting", error: null });
    }
    this.#next();
  }

  #refusal(file) {
    if (file.size === 0) return ownError("FILE_EMPTY");
    if (file.size > limits.file_bytes) return ownError("FILE_TOO_LARGE");
    return this.#all.length >= UPLOADS_MAX ? ownError("UPLOADS_FULL") : null;
  }

  retry(id) {
    const upload = this.#all.find((each) => each.id === id);
    if (upload?.state !== "failed") return;
    Object.assign(upload, { state: "waiting", sent: 0, error: null });
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
    this.#listener.changed();
    if (this.#running || this.#isPausing) return;
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
      this.#refused(upload, error);
    }
    this.#running = null;
    this.#next();
  }

  #refused(upload, error) {
    if (error.code !== "RATE_LIMITED") {
      Object.assign(upload, { state: "failed", error });
      return;
    }
    Object.assign(upload, { state: "waiting", sent: 0, error });
    this.#isPausing = true;
    this.#clock.later(1000 * (error.retry_after ?? 1), () => {
      this.#isPausing = false;
      this.#next();
    });
  }
}
