/** The chat page's entry: reads what the server put into the page and starts the application. */

import { App } from "./app.js";
import { takeLimits } from "./limits.js";

const page = JSON.parse(document.getElementById("page").textContent);
takeLimits(page.limits);
new App(page).start();
