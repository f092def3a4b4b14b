/**
 * The way between a page and its node: one frame at a time, each with a number, and a fault at one of them.
 *
 * Faults (`how`): `lost` (the connection ends and the frame with it), `arrived` (it ends after the frame),
 * `silent` (from this frame on nothing goes through and nobody is told), `reload` (the page goes).
 */

import { FakeSocket, settle } from "./fakes.mjs";

export class Wire {
  /** How many frames have gone, the opening of a socket counted as one. */
  frames = 0;
  /** While it is down no socket opens. */
  isDown = false;
  /** What went where, for the message of a test that fails. */
  trace = [];
  #node;
  #fault;
  #onFault;
  #queue = [];
  #sockets = new Set();

  /** `fault`: `{at, how}` or null; `onFault(how)` is called once, after it. */
  constructor(node, fault, onFault) {
    this.#node = node;
    this.#fault = fault;
    this.#onFault = onFault;
  }

  /** A socket for `Connection`. */
  makeSocket = () => {
    const socket = new FakeSocket();
    const way = { socket, server: null, isCut: false };
    socket.send = (text) => this.#enqueue(way, "to node", JSON.parse(text));
    socket.close = () => this.#end(way);
    this.#sockets.add(way);
    this.#enqueue(way, "open", { type: "open" });
    return socket;
  };

  /** Let everything that is on its way arrive, with all that follows from it. */
  async run() {
    await settle();
    while (this.#queue.length > 0) {
      this.#pass(this.#queue.shift());
      await settle();
    }
  }

  /** Whether what is sent arrives. */
  get isWhole() {
    return !this.isDown && [...this.#sockets].every((way) => !way.isCut);
  }

  /** The page and its sockets are gone. */
  endAll() {
    for (const way of this.#sockets) this.#end(way);
  }

  #enqueue(way, to, frame) {
    this.#queue.push({ way, to, frame: structuredClone(frame) });
  }

  #pass({ way, to, frame }) {
    if (!this.#sockets.has(way) || way.isCut) return;
    const number = this.frames;
    this.frames += 1;
    this.trace.push(`${number} ${to} ${frame.type} ${frame.state ?? ""}`);
    const how = number === this.#fault?.at ? this.#fault.how : null;
    if (how === "silent") way.isCut = true;
    if (!how || how === "arrived") this.#arrive(way, to, frame);
    if (how === "lost" || how === "arrived") this.#drop(way);
    if (how) this.#onFault(how);
  }

  #arrive(way, to, frame) {
    if (to === "to node") way.server.take(frame);
    else if (to === "to page") way.socket.say(frame);
    else if (this.isDown) this.#drop(way);
    else {
      way.server = this.#node.attach((said) => this.#enqueue(way, "to page", said));
      way.socket.open();
    }
  }

  #drop(way) {
    if (!this.#sockets.has(way)) return;
    this.#end(way);
    way.socket.drop();
  }

  #end(way) {
    way.server?.end();
    this.#sockets.delete(way);
    way.socket.readyState = 3;
  }
}
