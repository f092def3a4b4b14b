/**
 * Signing out with something unsent in this browser: it would stay here, readable for whoever uses the browser next,
 * and go out when its writer signs in here again. That may be wanted, or not, so it is asked.
 *
 * What is discarded, now or before, leaves no text behind, before anything is signed out. Where the browser keeps nothing on its disk
 * nothing stays; then the browser asks before the page goes, as at any other time.
 */

import { codedError, isDefect } from "./strings.js";

/** `form`: the one that signs out. */
export function askBeforeSigningOut(app, form) {
  form.addEventListener("submit", (event) => {
    const n = app.outbox?.kept ?? 0;
    if (n === 0 && !app.outbox?.hasDiscarded()) return;
    event.preventDefault();
    return signOut(app, form, n);
  });
}

async function signOut(app, form, n) {
  const answer = n === 0 ? "keep" : await app.screen.askCard.choose("signout", { n });
  if (!answer) return;
  try {
    if (answer === "yes") await app.outbox.discardAll();
    else await app.outbox.blank();
  } catch (error) {
    if (isDefect(error)) throw error;
    app.screen.trouble(codedError(error, "OUTBOX_UNWRITABLE"));
    return;
  }
  form.submit();
}
