/**
 * The values of a flag that takes several, one list for each time it was given: files after one flag are a rotated set,
 * the flag once more is another capture. The parser of the command line runs them together.
 */
export function occurrences(argv: readonly string[], flag: string): string[][] {
  const found: string[][] = []
  let open: string[] | null = null
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (word === '--') break
    if (word === flag) {
      open = []
      found.push(open)
      // The first value is taken whatever it looks like.
      if (i + 1 < argv.length) open.push(argv[++i]!)
    } else if (word.startsWith(`${flag}=`)) {
      found.push([word.slice(flag.length + 1)])
      open = null
    } else if (word.length > 1 && word.startsWith('-')) open = null
    else open?.push(word)
  }
  return found
}
