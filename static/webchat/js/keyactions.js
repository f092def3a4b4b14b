/** What the page's keys do (`view/keys.js`), by their names there. */

export function keyActions(app, screen) {
  const step = (by) => () => {
    const names = app.channels.all.map((channel) => channel.name);
    if (names.length) app.open(names.at((names.indexOf(app.current) + by) % names.length));
  };
  return {
    next: step(1),
    previous: step(-1),
    join: () => screen.sidebar.focusField(),
    people: () => app.beside.toggle("people"),
    search: () => app.beside.toggle("search"),
    about: () => app.beside.toggle("about"),
    outbox: () => screen.outboxCard.open(),
    write: () => screen.toast.closeNewest() || app.beside.close() || screen.focusComposer(),
    newest: () => screen.timeline.toBottom(),
  };
}
