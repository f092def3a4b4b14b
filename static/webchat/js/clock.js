/**
 * Time as the modules without a page see it: `now()` in ms since the epoch, and `later(ms, call)`,
 * which returns a function that calls it off. Tests pass a clock of their own.
 */

export const systemClock = Object.freeze({
  now: () => Date.now(),
  later(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
});
