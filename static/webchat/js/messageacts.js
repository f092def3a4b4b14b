/**
 * What people do with messages: write, answer, edit, delete, react, try again, take back, jump to what is quoted.
 *
 * All that others should see goes through the outbox under an id made here.
 */

import { systemClock } from "./clock.js";
import { unknownMessage } from "./contexts.js";
import { HISTORY_LIMIT } from "./holding.js";
import { hasReacted, isChange } from "./looks.js";
import { written } from "./outboxframes.js";
import { isSettled } from "./progress.js";
import { subjectOf } from "./rowwords.js";
import { seek, SEEK_PAGES_MAX } from "./seeking.js";
import { codedError, isDefect, say } from "./strings.js";
import { uuid7 } from "./uuid7.js";

export class MessageActs {
  #app;

  constructor(app) {
    this.#app = app;
  }

  /** What was written in the composer, `about` a message or not; shown at once and handed over in its turn. */
  async send(channel, text, about = null) {
    const { screen, outbox, reading } = this.#app;
    const isEdit = about?.kind === "edit";
    screen.keeping(1);
    try {
      await outbox.add(written({ ...this.#stamp(channel), text, ...aboutWhat(about) }));
    } catch (error) {
      screen.notKept(channel, text, error, about);
      if (isDefect(error)) throw error;
      return;
    } finally {
      screen.keeping(-1);
    }
    if (isEdit) return;
    reading.answered(channel);
    screen.toBottom();
  }

  /** A button of a row, or of what the list of the unsent has of it: a message, or a change. */
  act = (action, id, button) => this.#telling(() => this.#act(action, id, button));

  async #act(action, id, button) {
    const { messages, outbox, screen, me } = this.#app;
    const row = messages.entry(id);
    if (!row) return;
    const subject = subjectOf(row);
    if (action === "person") this.#app.persons.open(row.channel, this.#app.authorOf(row));
    else if (action === "receipts") screen.receipts.open(row);
    else if (action === "retry" || action === "send") await outbox.retry(subject);
    else if (action === "discard" || action === "cancel" || action === "edit") await this.#takeBack(subject, action);
    else if (action === "reply") screen.composer.reply(row);
    else if (action === "revise") screen.composer.revise(row);
    else if (action === "delete") await this.#delete(row);
    else if (action === "fold") screen.timeline.fold(row);
    else if (action === "show") {
      row.shown = true;
      screen.timeline.redraw();
    } else if (action === "jump") await this.jump(row.channel, row.reply_to);
    else if (action === "toggle") {
      const { emoji } = button.dataset;
      await this.#change(row, { kind: "reaction", emoji, on: !hasReacted(row, emoji, me.id) });
    }
  }

  /** The newest own message that can be edited. */
  lastOwn(channel) {
    return this.#app.messages.rows(channel).findLast((row) => row.own && isSettled(row) && !row.deleted);
  }

  #stamp(channel) {
    return { id: uuid7(), channel, at_ms: systemClock.now() };
  }

  async #change(row, change) {
    await this.#app.outbox.add(written({ ...this.#stamp(row.channel), text: "", ...change, target: row.id }));
  }

  /** Do something with the outbox; what goes wrong is told. */
  async #telling(something) {
    try {
      await something();
    } catch (error) {
      if (isDefect(error)) throw error;
      this.#app.screen.trouble(codedError(error, "OUTBOX_UNWRITABLE"));
    }
  }

  /** Nobody can bring it back, so it is asked for, also where one key is enough. */
  async #delete(row) {
    if (await this.#app.screen.askCard.ask("delete")) await this.#change(row, { kind: "delete" });
    this.#app.screen.focusRow(row.id);
  }

  async #takeBack(subject, action) {
    const { messages, outbox, screen } = this.#app;
    const { channel, text, reply_to } = subject;
    if (action === "edit") {
      await outbox.discard({ ...subject, text: "" }, messages.without(subject.id));
      screen.rewrite(channel, text, this.#answering(channel, reply_to));
    } else await this.#discardAll([subject]);
  }

  /** Discard what can be brought back for a while; what can't any more is not to be read in this browser, either. */
  async #discardAll(subjects) {
    const { messages, outbox, screen } = this.#app;
    const again = subjects.map((subject) => [written(subject), subject.error]);
    for (const subject of subjects) await outbox.discard(subject, messages.without(subject.id));
    const undo = () => this.#telling(() => this.#undo(again));
    const over = () => this.#telling(() => outbox.blank(again.map(([{ id }]) => id)));
    screen.discarded(discardedWords(subjects), undo, over);
  }

  /**
   * Bring back what was discarded: what failed waits for Retry again, what was on its way goes on. What is here,
   * because it had gone out all the same, is not written a second time.
   */
  async #undo(discarded) {
    const { messages, outbox, screen } = this.#app;
    let last = null;
    for (const [message, error] of discarded) {
      const isHere = Boolean(messages.entry(message.id));
      last = await outbox.restore(message, isHere ? null : error, isHere ? null : uuid7());
    }
    screen.focusRow(rowOf(last));
  }

  /** What a reply was an answer to. */
  #answering(channel, id) {
    return id ? { kind: "reply", row: this.#app.messages.row(id) ?? unknownMessage(channel, id) } : null;
  }

  /** A button of the list of what is unsent: retry what failed or asks, or discard it all, which can be undone. */
  actOnAll = (action, rows) => this.#telling(() => this.#actOnAll(action, rows));

  async #actOnAll(action, rows) {
    if (action !== "retry") return this.#discardAll(rows);
    for (const row of rows) if (row.state === "failed" || row.phase === "asking") await this.#app.outbox.retry(row);
  }

  /** Go to a message that may not be loaded yet; `order`: its place, where that is known. */
  async jump(channel, id, order = "") {
    const { screen } = this.#app;
    const onward = (n) => screen.announcer.say("seeking", say("quote.seeking", { n }));
    const reason = await seek(this.#app, channel, { id, order }, onward);
    if (reason === "away" || this.#app.current !== channel) return;
    if (reason || !screen.timeline.reveal(id)) screen.trouble(reasonWords(reason || "absent"));
  }
}

/** Why a message could not be gone to. */
function reasonWords(reason) {
  const n = SEEK_PAGES_MAX * HISTORY_LIMIT;
  if (reason === "far") return { message: say("quote.far", { n }), remedy: say("quote.far.remedy") };
  if (reason === "stuck") return { message: say("quote.stuck"), remedy: say("quote.stuck.remedy") };
  return { message: say("quote.absent"), remedy: say("quote.absent.remedy") };
}

/** How a record says what its text is about. */
function aboutWhat(about) {
  if (about?.kind === "edit") return { kind: "edit", target: about.row.id };
  return about ? { kind: "reply", reply_to: about.row.id } : {};
}

/** The id of the row where a message or a change is seen. */
const rowOf = (entry) => (isChange(entry) ? entry.target : entry.id);

function discardedWords(entries) {
  const n = entries.length;
  if (!entries.some(isChange)) return say("undo.text", { n });
  return say(entries.every(isChange) ? "undo.change" : "undo.mixed", { n });
}
