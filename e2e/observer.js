// Runs in every page before its own scripts: notes when each message's row first showed each state, how long it
// took from the key or the button that sent it to its row, and where the focus is once somebody uses the keyboard.
// Only the tests read it. Times are Date.now(), the same clock for all browsers of one machine.
(() => {
  const seen = (window.__seen = {});
  const note = (row) => {
    const states = (seen[row.dataset.msgId] ??= {});
    if (!("pending" in states) && row.dataset.state === "pending") drawn(row);
    states[row.dataset.state] ??= Date.now();
  };
  const look = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (node.matches("[data-msg-id]")) note(node);
    node.querySelectorAll("[data-msg-id]").forEach(note);
  };

  // What is being written to the disk: the page shows nothing that a crash could take away again.
  let writing = 0;
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...given) {
    const made = begin.apply(this, given);
    if (made.mode !== "readwrite") return made;
    writing += 1;
    for (const end of ["complete", "abort"]) made.addEventListener(end, () => (writing -= 1));
    return made;
  };

  // What was sent and has no row yet, oldest first. Frames are counted while there is any: a row that is there
  // before the next frame is begun has `frames` 0. `lost` are those in which nothing was being written: how long a
  // disk takes is the machine's, and how busy it is; frames in which the page had nothing to wait for are the page's.
  const sent = [];
  const echoes = (window.__echoes = {});
  const count = () => {
    for (const each of sent) {
      each.frames += 1;
      if (!writing) each.lost += 1;
    }
    if (sent.length) requestAnimationFrame(count);
  };
  const sending = (field) => {
    const text = field?.value.trim();
    if (!text || field.form?.dataset.about === "edit") return; // an edit makes no row
    sent.push({ text, at: performance.now(), frames: 0, lost: 0 });
    if (sent.length === 1) requestAnimationFrame(count);
  };
  const drawn = (row) => {
    const at = sent.findLastIndex(({ text }) => row.textContent.includes(text));
    if (at < 0) return;
    const [{ at: sentAt, frames, lost }] = sent.splice(at, 1);
    echoes[row.dataset.msgId] = { ms: performance.now() - sentAt, frames, lost };
  };
  const isTouchAlone = () => matchMedia("(pointer: coarse)").matches && !matchMedia("(any-pointer: fine)").matches;
  addEventListener("submit", ({ target }) => sending(target.querySelector?.("textarea")), true);
  addEventListener(
    "keydown",
    ({ key, shiftKey, target }) =>
      key === "Enter" && !shiftKey && !isTouchAlone() && target.matches?.("textarea") && sending(target),
    true,
  );

  // From the first key on, once anything has had the focus: each frame that is painted with the focus nowhere.
  // A press of the mouse begins anew, for it may take the focus away.
  const unfocused = (window.__unfocused = []);
  let hasFocused = false;
  let lastKey = "";
  const { port1, port2 } = new MessageChannel();
  const isNowhere = () => !document.activeElement || document.activeElement === document.body;
  port1.onmessage = () => {
    if (lastKey && isNowhere()) unfocused.push(lastKey);
  };
  const watch = () => {
    if (!lastKey) return;
    port2.postMessage(0); // answered when this frame is painted
    requestAnimationFrame(watch);
  };
  addEventListener("focusin", () => (hasFocused = true), true);
  addEventListener("pointerdown", () => (lastKey = ""), true);
  addEventListener(
    "keydown",
    ({ key }) => {
      if (!hasFocused) return;
      if (!lastKey) requestAnimationFrame(watch);
      lastKey = key;
    },
    true,
  );

  new MutationObserver((records) => {
    for (const record of records) {
      if (record.type === "attributes") look(record.target);
      else record.addedNodes.forEach(look);
    }
  }).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-state", "data-msg-id"],
  });
})();
