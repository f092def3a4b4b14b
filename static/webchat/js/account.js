/** The account pages: a button that shows the password, so that it need not be typed twice; what is to be forgotten. */

import { forgetTold } from "./forgetting.js";

const told = document.querySelector("[data-forget]");
if (told) forgetTold(told.dataset.forget, document, window.localStorage, window.indexedDB);

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
  });
}
