/** The health page's entry. */

import { systemClock } from "../clock.js";
import { HealthPage } from "./page.js";

const page = JSON.parse(document.getElementById("page").textContent);
new HealthPage(page, systemClock).start();
