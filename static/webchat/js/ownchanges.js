/**
 * Own edits, deletions and reactions that are not through yet, by the message that they are about.
 *
 * Until the node has accepted a change it is laid over what the node tells of its target, in the order of
 * writing; from then on the node's word holds it. One that has got through is of no more interest here.
 */

import { changed } from "./looks.js";

export class OwnChanges {
  #byId = new Map();

  get(id) {
    return this.#byId.get(id);
  }

  get all() {
    return [...this.#byId.values()];
  }

  add(change) {
    this.#byId.set(change.id, change);
  }

  remove({ id }) {
    this.#byId.delete(id);
  }

  /** Those about a message, oldest first. */
  of(target) {
    return this.all.filter((change) => change.target === target).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** How the message `target` looks with the changes that the node does not have yet. */
  over(told, target) {
    return this.of(target)
      .filter((change) => !change.accepted)
      .reduce((look, change) => changed(look, change, change.author), told);
  }

  /** The change that the row of `target` tells about: one that failed, otherwise the newest; or null. */
  shownOn(target) {
    const all = this.of(target);
    return all.find((change) => change.state === "failed") ?? all.at(-1) ?? null;
  }
}
