/** What was wrong with the input, counted by kind, with the first example of each. */
export interface Problem {
  code: ProblemCode
  message: string
  count: number
}

export type ProblemCode =
  /** A file, or a part of one, that is no JSON. */
  | 'not-json'
  /** It ends within a document. */
  | 'truncated-json'
  /** JSON that is no Kubernetes object. */
  | 'not-kubernetes'
  /** A name that Kubernetes would not accept: the object is left out. */
  | 'bad-name'
  /** A field of another type than it has; read as absent. */
  | 'wrong-type'
  | 'bad-time'
  | 'bad-address'
  /** A text that was cut, or a list of which the rest was left out. */
  | 'too-long'
  /** A file of a folder that is neither `.json` nor `.json.gz`. */
  | 'skipped-file'

export class Problems {
  private readonly found = new Map<ProblemCode, Problem>()

  note(code: ProblemCode, message: string): void {
    const known = this.found.get(code)
    if (known !== undefined) known.count++
    else this.found.set(code, { code, message, count: 1 })
  }

  all(): Problem[] {
    return [...this.found.values()].sort((a, b) => (a.code < b.code ? -1 : 1))
  }
}
