import { once } from 'node:events'
import { RstscopeError } from '../../errors.ts'
import type { WatchEvent, WatchSummary } from '../../model/watch.ts'
import type { Layout } from '../../reports/fact-lines.ts'
import type { WatchOptions } from '../engine.ts'
import type { Host, Output } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { watchExitCode } from '../report-exit-code.ts'
import { textOptions } from '../terminal-style.ts'
import { selectionOf } from './run-options.ts'

type Ending = Extract<WatchEvent, { kind: 'ending' }>

/** `rstscope watch`: endings of a capture that is being written, each on a line, and a summary. */
export async function watchCommand(
  words: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  const input = inputOf(words, values, host)
  const layout = await layoutOf(values, host)
  const { isShown } = await import('../../reports/watch-lines.ts')
  const print = await printerOf(values, layout)
  const { watch } = await host.loadEngine()
  let summary: WatchSummary | null = null
  for await (const event of watch(input, optionsOf(values, host))) {
    if (event.kind === 'notice') host.stderr.write(`rstscope: ${layout.clean(event.text)}\n`)
    else if (event.kind === 'summary') summary = event.summary
    else if (!values.quiet && isShown(event, values.all ?? false)) {
      await write(host.stdout, print(event))
    }
  }
  if (!values.quiet) await printSummary(summary!, values, layout, host)
  return watchExitCode(summary!, values.failOn)
}

function inputOf(words: string[], values: OptionValues, host: Host): string {
  const usage = (message: string, hint: string) =>
    new RstscopeError('RSTSCOPE_USAGE', message, hint)
  const [input] = words
  if (input === undefined || words.length > 1) {
    const given = words.length === 0 ? 'none' : words.length
    throw usage(
      `watch takes one folder, one file or -, ${given} given`,
      'rstscope watch FOLDER, where tcpdump -C or -G writes to',
    )
  }
  if (values.format !== 'text' && values.format !== 'ndjson') {
    throw usage(
      `watch prints text or ndjson, not ${values.format}`,
      'rstscope analyze prints the other formats',
    )
  }
  if (input === '-' && host.stdinIsTerminal) {
    throw usage(
      '- means standard input, and nothing is piped in',
      'tcpdump -U -w - | rstscope watch -',
    )
  }
  return input
}

function optionsOf(values: OptionValues, host: Host): WatchOptions {
  return {
    signal: host.signal,
    selection: selectionOf(values),
    ...(values.server === undefined ? {} : { server: values.server }),
    ...(values.at === undefined ? {} : { at: values.at }),
    ...(values.idleAfter === undefined ? {} : { goneAfterNs: values.idleAfter * 1e9 }),
    ...(values.maxMemory === undefined ? {} : { maxMemory: values.maxMemory }),
  }
}

async function layoutOf(values: OptionValues, host: Host): Promise<Layout> {
  const [{ escapeText, asciiText }, { textStyle }] = await Promise.all([
    import('../../reports/text-escape.ts'),
    import('../../reports/text-style.ts'),
  ])
  const style = textOptions(values, host)
  return {
    width: style.width,
    time: values.time,
    style: textStyle(style),
    clean: style.ascii ? (text) => asciiText(escapeText(text)) : escapeText,
  }
}

async function printerOf(
  values: OptionValues,
  layout: Layout,
): Promise<(ending: Ending) => string> {
  if (values.format === 'ndjson') {
    const { escapeJson } = await import('../../reports/text-escape.ts')
    return ({ connection, files, before }) => {
      const captures = { capture: files.map(({ path }) => path) }
      const again = before !== null
      return `${escapeJson(JSON.stringify({ captures, ...connection, files, again }))}\n`
    }
  }
  const { watchLine } = await import('../../reports/watch-lines.ts')
  return (ending) => `${watchLine(ending, layout)}\n`
}

async function printSummary(
  summary: WatchSummary,
  values: OptionValues,
  layout: Layout,
  host: Host,
): Promise<void> {
  const { watchSummaryLines } = await import('../../reports/watch-lines.ts')
  const target = values.format === 'ndjson' ? host.stderr : host.stdout
  await write(target, `\n${watchSummaryLines(summary, layout).join('\n')}\n`)
}

/** Waits for whoever reads: the capture waits meanwhile. */
async function write(target: Output, text: string): Promise<void> {
  if (!target.write(text)) await once(target, 'drain')
}
