/**
 * Files in the conversation: those that are on their way up, and what is known of those that are there.
 */

import { Availability } from "./availability.js";
import { systemClock } from "./clock.js";
import { Uploads } from "./uploads.js";
import { postFile } from "./view/posting.js";
import { UploadList } from "./view/uploadlist.js";

export class Sharing {
  #availability;

  constructor(app) {
    const uploads = new Uploads(postFile, systemClock, {
      changed: () => list.redraw(),
      shared: (report) => {
        app.messages.reported(report, app.me.id, app.me.name);
        if (report.channel === app.current) app.screen.toBottom();
      },
      refused: (error) => app.screen.trouble(error),
    });
    const list = new UploadList({
      uploads: () => uploads.of(app.current),
      mayShare: () => app.current !== null,
      share: (files) => uploads.add(app.current, files),
      retry: (id) => uploads.retry(id),
      cancel: (id) => uploads.cancel(id),
    });
    this.#availability = new Availability({
      ask: (channel, id) => app.connection.request({ type: "file.available", channel, id }),
      mayAsk: () => app.isLookedAt && app.connection.isOpen,
      changed: () => app.screen.timeline.redraw(),
      clock: systemClock,
    });
    /** Another channel is shown. */
    this.shown = () => {
      this.near([]);
      list.redraw();
    };
    /** The page is connected to the own node, or not. */
    this.setLinked = (isLinked) => uploads.setLinked(isLinked);
    /** How many files are on their way into a channel. */
    this.waitingIn = (channel) => uploads.of(channel).length;
    /** A channel was left: nothing gets into it any more. */
    this.left = (channel) => {
      for (const { id } of uploads.of(channel)) uploads.cancel(id);
    };
    /** Whether files would be lost with the page. */
    this.isLosing = () => uploads.isAny;
  }

  /** Rows that are in sight or near it: of their files it is asked who has them. */
  near(rows) {
    this.#availability.near(rows);
  }

  /** Of a row's file: `nodes` that have it, as far as that is known; `canBeHad(row)` asks whether anybody has it. */
  filesOf(row) {
    return { nodes: row.file ? this.#availability.of(row) : null, canBeHad: this.#canBeHad };
  }

  #canBeHad = (row) => this.#availability.canBeHad(row);
}
