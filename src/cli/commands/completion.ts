import { RstscopeError } from '../../errors.ts'
import { bashScript } from '../completion/bash.ts'
import { type ExpectedWords, expectedWords } from '../completion/expected-words.ts'
import { fishScript } from '../completion/fish.ts'
import { zshScript } from '../completion/zsh.ts'
import { EXIT } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { writeText } from '../write-text.ts'

const SCRIPTS: ReadonlyMap<string, (expected: ExpectedWords) => string> = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])

/** `rstscope completion SHELL`: a script by which that shell completes the command line. */
export async function completionCommand(words: string[], host: Host): Promise<number> {
  const [shell] = words
  const script = shell === undefined || words.length > 1 ? undefined : SCRIPTS.get(shell)
  if (script === undefined) {
    const given = words.length === 1 ? `'${shell}' is none of them` : `${words.length} given`
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      `completion takes the name of a shell: ${given}`,
      `rstscope completion ${[...SCRIPTS.keys()].join('|')}`,
    )
  }
  await writeText(host.stdout, [script(expectedWords())], host.signal)
  return EXIT.done
}
