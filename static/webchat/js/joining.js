/**
 * How far a join has got, as the page shows it: the steps in order, their times, and what is wrong.
 *
 * Reports of a step may repeat and skip; the list always has all steps. Without a word from the node,
 * `DELAYED_MS` after the start the channel opens all the same ("still connecting"), so that people can
 * write; `joined` ends it whenever it comes. Times count from `began_ms` on this page's clock, the
 * total at the end is the node's own. Why a try failed stands at its step until that step is done. A join that the
 * node has given up (`refused`) stays with its reason until somebody asks for it again.
 */

import { hasWords, say } from "./strings.js";

/** Less than the 5 s that people are promised: it is to be drawn by then. The node says why a little earlier. */
export const DELAYED_MS = 4500;
export const STEPS = 6;

/** A join that begins now. */
export function newJoin(now_ms) {
  return { state: "joining", began_ms: now_ms, elapsed_ms: 0, steps: stepsTo(STEPS), error: null };
}

const stepsTo = (of) =>
  Array.from({ length: of }, (_, at) => ({
    index: at + 1,
    state: "waiting",
    label: say(`join.step.${at + 1}`),
    detail: "",
    hasFailed: false,
    began_ms: 0,
    took_ms: 0,
  }));

/** A step began or ended (`channel.progress`). */
export function progressed(join, report, now_ms) {
  while (join.steps.length < report.of) join.steps.push(extraStep(join.steps.length + 1, report));
  const started_ms = now_ms - report.elapsed_ms;
  if (join.elapsed_ms === 0 || started_ms < join.began_ms) join.began_ms = started_ms;
  join.elapsed_ms = Math.max(join.elapsed_ms, report.elapsed_ms);
  for (const step of join.steps) {
    if (step.index < report.index && step.state !== "done") finish(step, report.elapsed_ms);
    if (step.index !== report.index) continue;
    if (step.state === "waiting") step.began_ms = report.elapsed_ms;
    if (report.done) finish(step, report.elapsed_ms);
    else if (step.state === "waiting") step.state = "running";
    const words = detailWords(report);
    if (!words) continue;
    step.detail = words;
    step.hasFailed = !report.done && !COUNT.test(report.detail);
  }
}

const COUNT = /^(\d+)(?:\/(\d+))?$/;

/** The node's short detail ("7", "3/5") in words; other details as they are. */
function detailWords({ step, detail }) {
  if (detail === "alone") return say("join.detail.alone");
  const key = `join.detail.${step}`;
  const [, k, of] = COUNT.exec(detail) ?? [];
  if (k === undefined || !hasWords(key)) return detail;
  return say(key, { n: Number(k), k, of: of ?? k });
}

const extraStep = (index, report) => ({
  index,
  state: "waiting",
  label: hasWords(`join.step.${index}`) ? say(`join.step.${index}`) : report.step,
  detail: "",
  hasFailed: false,
  began_ms: 0,
  took_ms: 0,
});

function finish(step, elapsed_ms) {
  if (step.state === "waiting") step.began_ms = elapsed_ms;
  step.state = "done";
  if (step.hasFailed) step.detail = "";
  step.hasFailed = false;
  step.took_ms = Math.max(0, elapsed_ms - step.began_ms);
}

/** The budget is used up (`channel.delayed`, or this page's own clock with no report). */
export function delayed(join, report) {
  if (join.state === "joined") return;
  join.state = "delayed";
  if (!report) return;
  join.elapsed_ms = Math.max(join.elapsed_ms, report.elapsed_ms);
  join.error = report.error;
}

/** The node has given it up, and says why. */
export function refused(join, error) {
  join.state = "refused";
  join.error = error;
  for (const step of join.steps) {
    if (step.state !== "running") continue;
    step.state = "failed";
    step.took_ms = Math.max(0, join.elapsed_ms - step.began_ms);
  }
}

/** Proven both ways (`channel.joined`). */
export function joined(join, report) {
  join.state = "joined";
  join.elapsed_ms = report.elapsed_ms;
  join.created = report.created;
  // Beside a person's node there is its server's: of a channel that nobody knew the list of its people tells more.
  join.alone = report.alone || (report.created && report.subscribers?.length === 1);
  join.error = null;
  for (const step of join.steps) if (step.state !== "done") finish(step, report.elapsed_ms);
}

/** How many steps are done. */
export const doneSteps = (join) => join.steps.filter((step) => step.state === "done").length;
