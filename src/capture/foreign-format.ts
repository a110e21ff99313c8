/** What a file is that is no capture, as far as its first bytes tell, and what to do about it. */
export interface ForeignFormat {
  name: string
  hint: string | null
}

const UNPACK = 'unpack it and run again on the capture inside'
const CONVERT = 'convert it first: editcap -F pcapng INPUT OUTPUT'

/** First bytes in hex (or as text in quotes) → what begins with them. */
const MAGICS: ReadonlyArray<[magic: string, name: string, hint: string | null]> = [
  ['504b0304', 'zip', UNPACK],
  ['fd377a585a00', 'xz', 'unpack it first: xz -dk FILE'],
  ['425a68', 'bzip2', 'unpack it first: bzip2 -dk FILE'],
  ['377abcaf271c', '7-zip', UNPACK],
  ['526172211a07', 'rar', UNPACK],
  ['02214c18', 'legacy lz4', 'unpack it first: lz4 -d FILE'],
  ['1f8b', 'gzip inside a compressed file', 'unpack it once, then run again'],
  ['28b52ffd', 'zstd inside a compressed file', 'unpack it once, then run again'],
  ['04224d18', 'lz4 inside a compressed file', 'unpack it once, then run again'],
  ['7f454c46', 'an ELF program', null],
  ['cffaedfe', 'a Mach-O program', null],
  ['4d5a', 'a Windows program', null],
  ['25504446', 'PDF', null],
  ['89504e47', 'a PNG image', null],
  ['ffd8ff', 'a JPEG image', null],
  ['53514c69746520666f726d6174', 'an SQLite database', null],
  ['1c0001ac', 'an IXIA lcap capture', CONVERT],
  ['1c0001ab', 'an IXIA lcap capture', CONVERT],
  ['a1b234cd', 'a capture of a patched libpcap', CONVERT],
  ['cd34b2a1', 'a capture of a patched libpcap', CONVERT],
  ['58435000', 'a NetXray capture', CONVERT],
  ['5254535300', 'a NetXray capture', CONVERT],
  ['474d4255', 'a Microsoft Network Monitor capture', CONVERT],
  ['52545353', 'a Microsoft Network Monitor capture', CONVERT],
  [
    '0a0d0d0a',
    'a damaged pcapng section header',
    'ask for the original file: this one was changed on its way',
  ],
  ['0d0d0a', 'pcapng changed by a text-mode transfer', 'copy the original again in binary mode'],
]
const ETL_HINT = 'convert it first with etl2pcapng or pktmon etl2pcap'
const TAR_MAGIC_AT = 257
const PRINTABLE_SHARE = 0.95

/** The first bytes of a file, for people: `1f 8b 08 00 …`. */
export function hexPreview(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'))
  return shown.join(' ') + (bytes.length > 8 ? ' …' : '')
}

/** Recognises what people hand over by mistake; null when the bytes say nothing. */
export function foreignFormat(head: Uint8Array, compression: string | null): ForeignFormat | null {
  const text = Buffer.from(head).toString('latin1')
  if (text.slice(TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === 'ustar') {
    if (compression === null) return { name: 'tar', hint: 'unpack it first: tar xf FILE' }
    const suffix = compression === 'gzip' ? 'gz' : compression
    return {
      name: `tar.${suffix}`,
      hint: 'unpack it first: tar xf FILE, then run again on the files inside',
    }
  }
  const hex = Buffer.from(head).toString('hex')
  for (const [magic, name, hint] of MAGICS) {
    if (hex.startsWith(magic)) return { name, hint }
  }
  if (text.includes('\u0000M\u0000i\u0000c\u0000r\u0000o'))
    return { name: 'a Windows ETL trace', hint: ETL_HINT }
  return textFormat(text)
}

function textFormat(text: string): ForeignFormat | null {
  const printable = text.replace(/[^\t\r\n\x20-\x7e]/g, '').length
  if (text.length === 0 || printable < PRINTABLE_SHARE * text.length) return null
  const start = text.trimStart()
  if (/^<(!doctype html|html|head|body)/i.test(start)) {
    return {
      name: 'an HTML page',
      hint: 'a download page or a login form may have been saved instead of the file',
    }
  }
  if (start.startsWith('<')) return { name: 'XML', hint: null }
  if (start.startsWith('version https://git-lfs')) {
    return { name: 'a git-lfs pointer', hint: 'fetch the file itself: git lfs pull' }
  }
  if (/^[[{]/.test(start)) return { name: 'JSON', hint: null }
  if (/^\d\d:\d\d:\d\d\.\d+ (IP|ARP)/.test(start)) {
    return { name: 'the text that tcpdump prints', hint: 'capture again with tcpdump -w FILE' }
  }
  return { name: 'text', hint: null }
}
