/**
 * The server's limits, as it has put them into the page (`webchat/limits.py`): no module says such a number itself.
 *
 * A text, a name and the words about oneself are measured in bytes of UTF-8, a channel's name in characters.
 */

/** Until the page has given them nothing is allowed; one that this page does not know is an error. */
export const limits = Object.seal({
  text_bytes: 0,
  name_bytes: 0,
  about_bytes: 0,
  picture_bytes: 0,
  file_bytes: 0,
  channel_chars: 0,
  unread: 0,
});

/** Called once, before anything else. */
export function takeLimits(given) {
  Object.assign(limits, given);
}
