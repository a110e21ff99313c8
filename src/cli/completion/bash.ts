import type { Expected, ExpectedCommand, ExpectedWords } from './expected-words.ts'

/**
 * The script for bash, also for version 3.2 of macOS. Files are left to readline (`-o default` where nothing is
 * offered): it knows about quotes and `~`.
 */
export function bashScript({ commands, flags, findings }: ExpectedWords): string {
  const names = [...commands.map(({ name }) => name), ...flags.map(({ name }) => name)]
  return `# bash completion of rstscope, made by: rstscope completion bash
_rstscope() {
  local cur=\${COMP_WORDS[COMP_CWORD]} flag='' prefix='' flags='' lists='' words='' files='' i
  COMPREPLY=()
  if [[ $cur == = ]]; then
    # readline splits --format=csv at the equals sign.
    flag=\${COMP_WORDS[COMP_CWORD - 1]} cur=''
  elif [[ $COMP_CWORD -gt 2 && \${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $cur == --*=* ]]; then
    flag=\${cur%%=*} prefix=$flag= cur=\${cur#*=}
  fi
  if [[ $COMP_CWORD -eq 1 ]]; then
    words='${names.join(' ')}'
  else
    case \${COMP_WORDS[1]} in
${commands.map(commandCase).join('\n')}
    esac
    if [[ -z $flag && $cur == -* ]]; then
      words=$flags files=''
    else
      if [[ -z $flag ]]; then
        for ((i = COMP_CWORD - 1; i > 1; i--)); do
          if [[ \${COMP_WORDS[i]} == -* ]]; then
            # Right behind a flag is its value; further on only values of a flag that takes several.
            [[ $i -eq $((COMP_CWORD - 1)) || $lists == *" \${COMP_WORDS[i]} "* ]] && flag=\${COMP_WORDS[i]}
            break
          fi
        done
      fi
      case "\${COMP_WORDS[1]} $flag" in
${commands.flatMap(flagCases).join('\n')}
      esac
    fi
  fi
  if [[ $words == findings ]]; then
    words='${findings.map(({ name }) => name).join(' ')}'
  fi
  if [[ -n $words ]]; then
    local IFS=$' \\n'
    # shellcheck disable=SC2207 # no candidate holds a space
    COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$cur"))
  fi
  [[ -n $files ]] || compopt +o default 2>/dev/null
  return 0
}
complete -o default -F _rstscope rstscope
`
}

function commandCase({ name, words, flags }: ExpectedCommand): string {
  const lists = flags.filter(({ many }) => many === 'list').map((flag) => flag.name)
  return `      ${name})
        ${words === null ? '' : `${assignment(words)} `}flags='${flags.map((flag) => flag.name).join(' ')}' lists=' ${lists.join(' ')} '
        ;;`
}

/** Switches are followed by words; all else by a value. */
function flagCases({ name, flags }: ExpectedCommand): string[] {
  return flags
    .filter(({ value }) => value !== null)
    .map((flag) => `        '${name} ${flag.name}') ${assignment(flag.expects)} ;;`)
}

function assignment(expected: Expected): string {
  if (expected === 'files') return "words='' files=1"
  if (expected === 'anything') return "words='' files=''"
  if (expected === 'findings') return "words=findings files=''"
  return `words='${expected.join(' ')}' files=''`
}
