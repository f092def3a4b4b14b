/**
 * Own edits, deletions and reactions that are not through yet, by the message that they are about.
 *
 * Until the node has accepted a change it is laid over what the node tells of its target, in the order of
 * writing; from then on the node's word holds it. One that has got through is of no more interest here.
 */

import { changed, undone } from "./looks.js";
import { NewestMap } from "./newestmap.js";

/** Changes that were taken back and may still be in the node's word; over that the oldest are forgotten. */
export const TAKEN_BACK_MAX = 100;

export class OwnChanges {
  #byId = new Map();
  #takenBack = new NewestMap(TAKEN_BACK_MAX);

  get(id) {
    return this.#byId.get(id);
  }

  get all() {
    return [...this.#byId.values()];
  }

  add(change) {
    this.#takenBack.delete(change.id);
    this.#byId.set(change.id, change);
  }

  remove({ id }) {
    this.#byId.delete(id);
  }

  /** It is discarded, and `before` is the look without it: the node's word may hold it for a while. */
  takeBack(change, before) {
    this.#byId.delete(change.id);
    if (before) this.#takenBack.set(change.id, { ...change, before });
  }

  /** One that was taken back has got through all the same. */
  keep(id) {
    const change = this.#takenBack.get(id) ?? null;
    this.#takenBack.delete(id);
    return change;
  }

  /** What the node tells of `target`, without what was taken back and it has not heard of. */
  without(told, target) {
    let look = told;
    for (const change of [...this.#takenBack.values()].reverse()) {
      if (change.target !== target) continue;
      const rest = undone(look, change, change.author, change.before);
      if (rest === look) this.#takenBack.delete(change.id);
      look = rest;
    }
    return look;
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
