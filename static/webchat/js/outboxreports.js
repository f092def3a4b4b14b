/**
 * What the browser's outbox reports, as the models take it: the one place that joins the two.
 */

import { written } from "./outboxframes.js";

/** The outbox's listener for an `App`. */
export function outboxReports(app) {
  const { messages, me } = app;
  messages.onAccepted = (id) => app.outbox.arrived(id);
  return {
    written: (record) => messages.written({ ...written(record), author: me.id, name: me.name }),
    handingOver: (id) => messages.handingOver(id),
    queued: (id) => messages.queued(id),
    asking: (id) => messages.asking(id),
    through: (id) => messages.through(id),
    waiting: (id, until_ms) => messages.waiting(id, until_ms),
    accepted: (_, report) => messages.reported(report, me.id, me.name),
    refused: (id, error) => messages.refused(id, error),
    retried: (id) => messages.retried(id),
    takenUp(report) {
      messages.takenUp(report);
      messages.reported(report, me.id, me.name);
    },
    kept: (id) => messages.kept(id),
    discarded: (id, record) => messages.discarded(id, { ...record, author: me.id }),
  };
}
