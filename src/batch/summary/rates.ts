/**
 * How likely at least `more` of `more + fewer` events are by chance to fall to a run that has `part` of all connections,
 * if events are equally frequent in both runs: the upper tail of a binomial distribution.
 */
export function chanceOfSoMany(more: number, fewer: number, part: number): number {
  const all = more + fewer
  if (part >= 1 || more <= all * part) return 1
  if (part <= 0) return 0
  const odds = part / (1 - part)
  let term = Math.exp(
    logGamma(all + 1) -
      logGamma(more + 1) -
      logGamma(fewer + 1) +
      more * Math.log(part) +
      fewer * Math.log1p(-part),
  )
  let sum = 0
  // Above the mean each term is smaller than the one before it.
  for (let k = more; k <= all && term > sum * 1e-12; k++) {
    sum += term
    term *= ((all - k) / (k + 1)) * odds
  }
  return Math.min(1, sum)
}

/** Stirling's series, shifted up to where it is good to twelve digits. */
function logGamma(value: number): number {
  let shift = 0
  let x = value
  for (; x < 12; x++) shift -= Math.log(x)
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series
}
