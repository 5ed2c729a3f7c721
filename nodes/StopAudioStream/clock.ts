/**
 * The time in whole ms, from some start of its own. Waits and limits go by this clock and not by that of
 * the day: one that is set back by an hour would hold an account's requests for an hour.
 */
export const clock = () => Math.floor(performance.now());
