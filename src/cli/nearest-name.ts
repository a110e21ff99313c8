/** A longer word is no typo of a name. */
const LONGEST = 64

/** The name that was probably meant: the word is part of it, or at most a third of its letters differ; null if none is near. */
export function nearestName(word: string, names: readonly string[]): string | null {
  if (word.length > LONGEST) return null
  const typed = word.toLowerCase()
  const longer = names.find((name) => typed.length >= 3 && name.toLowerCase().includes(typed))
  if (longer !== undefined) return longer
  let best: { name: string; distance: number } | null = null
  for (const name of names) {
    const distance = editDistance(typed, name.toLowerCase())
    if (best === null || distance < best.distance) best = { name, distance }
  }
  return best !== null && best.distance <= best.name.length / 3 ? best.name : null
}

/** Letters to insert, to leave out or to change (Levenshtein), one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
