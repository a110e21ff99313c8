import type { Expected, ExpectedCommand, ExpectedFlag, ExpectedWords } from './expected-words.ts'

/** The script for zsh: to be sourced, or kept as `_rstscope` in a folder of `$fpath`. */
export function zshScript({ commands, flags, findings }: ExpectedWords): string {
  const described = (items: { name: string; text: string }[], indent: string) =>
    items.map(({ name, text }) => `${indent}${quoted(`${name}:${text}`)}`).join('\n')
  return `#compdef rstscope
# zsh completion of rstscope, made by: rstscope completion zsh

_rstscope_findings() {
  local -a findings=(
${described(
  findings.map(({ name, title }) => ({ name, text: title })),
  '    ',
)}
  )
  _describe -t findings finding findings
}

_rstscope() {
  local curcontext=$curcontext
  local -a commands=(
${described(
  commands.map(({ name, summary }) => ({ name, text: summary })),
  '    ',
)}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then
      _arguments ${flags.map(flagSpec).join(' ')}
    else
      _describe -t commands command commands
    fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  if [[ $PREFIX != -* ]]; then
    # Values of a flag that takes several go on up to the next flag.
    local -i i
    for (( i = CURRENT - 1; i > 1; i-- )); do
      [[ $words[i] == -* ]] && break
    done
    case "$command $words[i]" in
${commands.flatMap(listCases).join('\n')}
    esac
  fi
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _rstscope ]]; then
  _rstscope "$@"
else
  compdef _rstscope rstscope
fi
`
}

function commandCase({ name, words, flags }: ExpectedCommand): string {
  const specs = flags.map(flagSpec)
  if (words !== null)
    specs.push(quoted(`*:${typeof words === 'string' ? words : 'word'}:${action(words)}`))
  const lines = specs.map((spec) => ` \\\n        ${spec}`).join('')
  return `    ${name})
      _arguments${lines}
      ;;`
}

function listCases({ name, flags }: ExpectedCommand): string[] {
  return flags
    .filter(({ many }) => many === 'list')
    .map((flag) => `      '${name} ${flag.name}') ${listed(flag.expects)}; return ;;`)
}

function listed(expected: Expected): string {
  return typeof expected === 'string'
    ? action(expected).trim() || ':'
    : `compadd -- ${expected.join(' ')}`
}

function flagSpec({ name, help, value, expects, many }: ExpectedFlag): string {
  const text = `[${help.replace(/[\\[\]:]/g, '\\$&')}]`
  if (value === null) return quoted(`${name}${text}`)
  const message = value.replaceAll(':', '\\:')
  // Behind an equals sign there is one value only.
  const sign = many === 'list' ? '' : '='
  return quoted(`${many === null ? '' : '*'}${name}${sign}${text}:${message}:${action(expects)}`)
}

function action(expected: Expected): string {
  if (expected === 'files') return '_files'
  if (expected === 'findings') return '_rstscope_findings'
  return expected === 'anything' ? ' ' : `(${expected.join(' ')})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
