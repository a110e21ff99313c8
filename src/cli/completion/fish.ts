import type { Expected, ExpectedCommand, ExpectedWords } from './expected-words.ts'

/** The script for fish: to be sourced, or kept as `rstscope.fish` in its folder of completions. */
export function fishScript({ commands, flags, findings }: ExpectedWords): string {
  const ofProgram = flags.map(
    ({ name, help }) => `${complete} -n __rstscope_no_command ${option(name)} -d ${quoted(help)}`,
  )
  return `# fish completion of rstscope, made by: rstscope completion fish
function __rstscope_no_command
    test (count (commandline -opc)) -eq 1
end

function __rstscope_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = "$argv[1]"
end

function __rstscope_findings
    printf '%s\\t%s\\n' \\
${findings.map(({ name, title }) => `        ${name} ${quoted(title)}`).join(' \\\n')}
end

${complete} -f
${ofProgram.join('\n')}
${commands.map(commandLines).join('\n')}
`
}

const complete = 'complete -c rstscope'

function commandLines({ name, summary, words, flags }: ExpectedCommand): string {
  const here = `${complete} -n '__rstscope_command ${name}'`
  const lines = [`${complete} -n __rstscope_no_command -a ${name} -d ${quoted(summary)}`]
  if (words !== null) lines.push(`${here} ${argument(words)}`)
  for (const flag of flags) {
    const value =
      flag.value === null
        ? ''
        : flag.expects === 'files'
          ? ' -r -F'
          : ` -x ${argument(flag.expects)}`
    lines.push(`${here} ${option(flag.name)}${value.trimEnd()} -d ${quoted(flag.help)}`)
  }
  return lines.join('\n')
}

function option(name: string): string {
  return name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
}

function argument(expected: Expected): string {
  if (expected === 'files') return '-F'
  if (expected === 'findings') return "-a '(__rstscope_findings)'"
  return expected === 'anything' ? '' : `-a '${expected.join(' ')}'`
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
