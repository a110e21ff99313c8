/** 0 done, 1 `--fail-on` holds, 2 could not be done, 3 done in part, 130 interrupted. */
export const EXIT = { done: 0, failed: 1, unusable: 2, partly: 3, interrupted: 130 } as const
