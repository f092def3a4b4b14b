// Runs in every page before its own scripts: notes when each message's row first showed each state.
// Only the tests read it. Times are Date.now(), the same clock for all browsers of one machine.
(() => {
  const seen = (window.__seen = {});
  const note = (row) => {
    const states = (seen[row.dataset.msgId] ??= {});
    states[row.dataset.state] ??= Date.now();
  };
  const look = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (node.matches("[data-msg-id]")) note(node);
    node.querySelectorAll("[data-msg-id]").forEach(note);
  };
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
