/**
 * Getting a message onto the page that may be far back, or in a gap: it ends with the message, or with the true reason.
 *
 * Whose place in the order is known, as that of a found one, is loaded right there; what lies between stays a gap.
 * A quoted one is known by its id alone: the gaps are filled and older pages loaded, from the newest on, at most
 * `SEEK_PAGES_MAX` of them. A page that is on its way already is waited for.
 */

export const SEEK_PAGES_MAX = 100;
/** So many pages after which it is said once more that it goes on. */
const TOLD_PAGES = 10;

/**
 * Empty once the message is here; otherwise `absent` (the node does not hold it), `far`, `stuck` (a page could not be
 * loaded), or `away` (another channel is on the screen). `onward(n)`: so many messages have been looked through.
 */
export async function seek(app, channel, { id, order = "" }, onward = () => {}) {
  const isHere = () => Boolean(app.messages.row(id));
  if (isHere()) return "";
  if (order) {
    if (!(await app.loadAround(channel, order))) return "stuck";
    return isHere() ? "" : "absent";
  }
  for (let pages = 0; pages < SEEK_PAGES_MAX; pages += 1) {
    if (pages % TOLD_PAGES === 0) onward(app.messages.rows(channel).length);
    const end = await step(app, channel);
    if (isHere()) return "";
    if (app.current !== channel) return "away";
    if (end) return end;
  }
  return "far";
}

/** One page more; why there is none, or empty. */
async function step(app, channel) {
  const rows = app.messages.rows(channel);
  const gap = rows.findLast((row) => row.gap);
  if (gap) {
    await app.fillGap(gap.id);
    return gap.gap === "stuck" ? "stuck" : "";
  }
  if (app.channels.get(channel)?.older === "none") return "absent";
  await (rows[0]?.order ? app.loadOlder(channel) : app.loadNewest(channel));
  return app.channels.get(channel)?.older === "stuck" ? "stuck" : "";
}
