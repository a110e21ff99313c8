import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMAND_NAMES, FLAGS } from '../../src/cli/options.ts'
import { CATALOGUE } from '../../src/diagnosis/catalogue.ts'
import { runFake } from './fake-host.ts'

/** Empty but for two files, one of them with a space in its name, and a folder. */
const folder = mkdtempSync(join(tmpdir(), 'rstscope-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const isThere = (command: string, flag = '--version') =>
  spawnSync(command, [flag], { encoding: 'utf8' }).status === 0
/** util-linux gives a shell a terminal; the `script` of other systems takes other flags. */
const hasTerminal = isThere('script')

const scriptOf = (shell: Shell) => join(folder, `script.${shell}`)

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { code, out, err } = await runFake(['completion', shell])
    expect([code, err]).toEqual([0, ''])
    writeFileSync(scriptOf(shell), out)
  }
  mkdirSync(join(folder, 'here'))
  mkdirSync(join(folder, 'here', 'incident'))
  writeFileSync(join(folder, 'here', 'capture one.pcap'), '')
  writeFileSync(join(folder, 'here', 'other.json'), '')
})

function runShell(command: string, argv: string[], input = ''): string {
  const { stdout } = spawnSync(command, argv, {
    cwd: join(folder, 'here'),
    encoding: 'utf8',
    input,
    env: { PATH: process.env.PATH, HOME: folder, ZDOTDIR: folder, LANG: 'C.UTF-8', TERM: 'dumb' },
    timeout: 30_000,
  })
  return stdout
}

describe.skipIf(!isThere('bash'))('bash', () => {
  /** What the function leaves in COMPREPLY for each line of words, and whether files may follow. */
  function complete(lines: string[][]): { offered: string[]; files: boolean }[] {
    const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`
    const calls = lines.map(
      (words) => `COMP_WORDS=(${words.map(quote).join(' ')}) COMP_CWORD=${words.length - 1}
defaults=1; _rstscope; echo "$defaults \${COMPREPLY[*]}"`,
    )
    // As a builtin it works within a completion only.
    const mock = 'compopt() { [[ "$*" == "+o default" ]] && defaults=0; }'
    const out = runShell('bash', ['-c', [`source ${scriptOf('bash')}`, mock, ...calls].join('\n')])
    return out
      .trimEnd()
      .split('\n')
      .map((line) => ({
        offered: line.split(' ').slice(1).filter(Boolean),
        files: line.startsWith('1'),
      }))
  }
  const one = (...words: string[]) => complete([['rstscope', ...words]])[0]!

  test('completes the name of every command', () => {
    expect(one('').offered).toEqual([...COMMAND_NAMES, 'help', '-h', '--help', '--version'])
    expect(one('comp').offered).toEqual(['compare', 'completion'])
    expect(one('help', 'an').offered).toEqual(['analyze'])
    expect(one('x').offered).toEqual([])
  })

  test.each(COMMAND_NAMES)('completes the flags of %s and no others', (command) => {
    const own = FLAGS.filter((flag) => flag.commands.includes(command))
    expect(one(command, '--').offered.sort()).toEqual(
      [...own.map(({ name }) => `--${name}`), '--help'].sort(),
    )
  })

  test('completes the choices of every flag that has some, in each way to write it', () => {
    const chosen = FLAGS.flatMap((flag) =>
      flag.choices ? flag.commands.map((command) => ({ ...flag, command })) : [],
    )
    expect(chosen.length).toBeGreaterThan(10)
    const ways = chosen.flatMap(({ name, command }) => [
      ['rstscope', command, `--${name}`, ''],
      ['rstscope', command, `--${name}`, '='],
      ['rstscope', command, `--${name}`, '=', ''],
    ])
    const expected = chosen.flatMap(({ choices }) => Array(3).fill(choices))
    expect(complete(ways)).toEqual(expected.map((offered) => ({ offered, files: false })))
    expect(one('compare', '--format=cs').offered).toEqual(['--format=csv'])
  })

  test('leaves files to the shell where a file is meant, and nowhere else', () => {
    const files = [
      ['compare', ''],
      ['compare', 'c.pcap', ''],
      ['compare', '--client', ''],
      ['compare', '--client', 'a.pcap', 'b'],
      ['analyze', '--out', ''],
      ['analyze', '--out', 'x.md', ''],
      ['analyze', '--kubernetes', ''],
      ['analyze', '--json', ''],
      ['render', ''],
    ]
    const none = [
      ['schema', ''],
      ['compare', '--port', ''],
      ['compare', '--format', 'zz'],
      ['explain', 'zz'],
      ['completion', 'zz'],
      ['frobnicate', ''],
    ]
    const ask = (lines: string[][]) => complete(lines.map((words) => ['rstscope', ...words]))
    expect(ask(files)).toEqual(files.map(() => ({ offered: [], files: true })))
    expect(ask(none)).toEqual(none.map(() => ({ offered: [], files: false })))
  })

  test('completes codes and ids of findings, and the names of the shells', () => {
    const all = CATALOGUE.flatMap(({ code, id }) => [code, id])
    expect(one('explain', '').offered.sort()).toEqual(all.sort())
    expect(one('explain', 'RS241', 'stale-e').offered).toEqual(['stale-endpoint'])
    expect(one('completion', '').offered).toEqual([...SHELLS])
  })

  test.skipIf(!hasTerminal)('does what is meant when keys are typed', () => {
    const keys = [
      'PS1=; rstscope() { printf "<%s>" "$@"; echo; }',
      `source ${scriptOf('bash')}`,
      'rstscope anal\tcap\t--form\tcsv',
      'rstscope render oth\t--format=mark\t',
      'rstscope compare --client cap\toth\tinc\t',
      'rstscope explain stale-e\t',
      'rstscope schema oth\t',
      'exit\n',
    ].join('\n')
    const out = runShell('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], keys)
    expect(answers(out)).toEqual([
      '<analyze><capture one.pcap><--format><csv>',
      '<render><other.json><--format=markdown>',
      '<compare><--client><capture one.pcap><other.json><incident/>',
      '<explain><stale-endpoint>',
      '<schema><oth>',
    ])
  })
})

/** Lines that the function printed which stands for the command. */
function answers(terminal: string): string[] {
  return terminal.split(/[\r\n]+/).filter((line) => /^<[a-z]+><.*>$/.test(line))
}

describe.skipIf(!isThere('zsh') || !hasTerminal)('zsh', () => {
  function type(start: string, lines: string[]): string[] {
    const stand = `rstscope() { printf '<%s>' "$@"; echo }`
    writeFileSync(
      join(folder, '.zshrc'),
      `autoload -Uz compinit\n${start}\nPS1=\nunsetopt list_beep auto_list\n${stand}\n`,
    )
    return answers(
      runShell('script', ['-qec', 'zsh -i', '/dev/null'], `${lines.join('\n')}\nexit\n`),
    )
  }

  test('does what is meant when keys are typed, sourced or from $fpath', () => {
    const lines = [
      'rstscope anal\tcap\t--form\tcs\t',
      'rstscope render oth\t--quie\t--ti\trel\t',
      'rstscope compare --client cap\toth\t--up\tinc\t',
      'rstscope explain stale-e\t',
      'rstscope explain RS24\t1',
      'rstscope schema oth\t',
      'rstscope completion f\t',
    ]
    const expected = [
      '<analyze><capture one.pcap><--format=csv>',
      '<render><other.json><--quiet><--time=relative>',
      '<compare><--client><capture one.pcap><other.json><--upstream><incident>',
      '<explain><stale-endpoint>',
      '<explain><RS241>',
      '<schema><oth>',
      '<completion><fish>',
    ]
    const script = scriptOf('zsh')
    expect(type(`compinit -D -u; source ${script}`, lines)).toEqual(expected)
    mkdirSync(join(folder, 'functions'), { recursive: true })
    spawnSync('cp', [script, join(folder, 'functions', '_rstscope')])
    expect(type(`fpath+=(${join(folder, 'functions')}); compinit -D -u`, lines)).toEqual(expected)
  })
})

describe.skipIf(!isThere('fish'))('fish', () => {
  /** Candidates without their descriptions. */
  function complete(line: string): string[] {
    const command = `source ${scriptOf('fish')}; complete -C '${line.replaceAll("'", "\\'")}'`
    const out = runShell('fish', ['--no-config', '-c', command])
    return out
      .split('\n')
      .filter(Boolean)
      .map((candidate) => candidate.split('\t')[0]!)
      .sort()
  }

  test('completes commands, flags and choices', () => {
    expect(complete('rstscope ')).toEqual([...COMMAND_NAMES, 'help'].sort())
    for (const command of COMMAND_NAMES) {
      const own = FLAGS.filter((flag) => flag.commands.includes(command))
      expect(complete(`rstscope ${command} --`)).toEqual(
        [...own.map(({ name }) => `--${name}`), '--help'].sort(),
      )
    }
    expect(complete('rstscope compare --reader ')).toEqual(['auto', 'native-free', 'pcap-parser'])
    expect(complete('rstscope compare --reader=n')).toEqual(['--reader=native-free'])
    expect(complete('rstscope compare --port ')).toEqual([])
  })

  test('completes files where a file is meant', () => {
    for (const line of ['analyze ', 'compare --client ', 'render ', 'analyze --json --out ']) {
      expect(complete(`rstscope ${line}cap`)).toEqual(['capture one.pcap'])
    }
    for (const line of ['schema ', 'analyze --port ', 'explain ', '']) {
      // fish offers findings that have `cap` somewhere in their titles.
      expect(complete(`rstscope ${line}cap`)).not.toContain('capture one.pcap')
    }
  })

  test('completes codes and ids of findings', () => {
    const all = CATALOGUE.flatMap(({ code, id }) => [code, id])
    expect(complete('rstscope explain ')).toEqual(all.sort())
    expect(complete('rstscope completion z')).toEqual(['zsh'])
  })
})

test.each([
  [['completion'], '0 given'],
  [['completion', 'tcsh'], "'tcsh' is none of them"],
  [['completion', 'bash', 'zsh'], '2 given'],
  [['completion', 'constructor'], "'constructor' is none of them"],
])('%j is a usage error that names the shells', async (argv, what) => {
  expect(await runFake(argv)).toEqual({
    code: 2,
    out: '',
    err: `rstscope: completion takes the name of a shell: ${what}\n  try: rstscope completion bash|zsh|fish\n`,
    asked: [],
  })
})
