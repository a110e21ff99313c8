/** What a file's name says it is, before anything of it is read. */

/** The parts of a capture's name: `cart-client` + `pcap` + `07` + `gz`. */
export interface CaptureName {
  /** The name without ending, rotation number and compression. */
  stem: string
  /** In lower case, `pcap`; empty where the name has no ending of a capture. */
  ending: string
  /** Digits that `tcpdump -C` puts behind the ending; empty without. */
  rotation: string
}

const COMPRESSION = /\.(?:gz|zst|zstd|lz4)$/i
const ENDING = /\.(pcap|pcapng|cap|dmp|snoop)(\d{0,9})$/i
/** `x.pcap.1`: moved aside by logrotate and the like, which count backwards, so it is no place in a series. */
const MOVED_ASIDE = /\.(?:pcap|pcapng|cap|dmp|snoop)\.\d{1,9}$/i

/** The parts of a name that ends as captures do; null for others. */
export function readCaptureName(name: string): CaptureName | null {
  const plain = name.replace(COMPRESSION, '')
  const found = ENDING.exec(plain)
  if (found !== null && found.index > 0) {
    return {
      stem: plain.slice(0, found.index),
      ending: found[1]!.toLowerCase(),
      rotation: found[2]!,
    }
  }
  return MOVED_ASIDE.test(plain) ? { stem: plain, ending: '', rotation: '' } : null
}

/** The same for a file that is a capture whatever it is called. */
export function captureNameOf(name: string): CaptureName {
  return readCaptureName(name) ?? { stem: name.replace(COMPRESSION, ''), ending: '', rotation: '' }
}

export function isCompressedName(name: string): boolean {
  return COMPRESSION.test(name)
}

/** Formats that hold or squeeze files and are not read: what is inside would be missed. */
const ARCHIVE = /\.(?:zip|tar|tgz|tbz2?|txz|tar\.[a-z0-9]{1,4}|7z|rar|xz|bz2|lzma|Z)$/

export function isArchiveName(name: string): boolean {
  return ARCHIVE.test(name)
}

const ACCESS_LOG = /^(?:access|envoy|istio-proxy)[^/]*\.log(?:\.\d{1,9})?(?:\.gz)?$/i
const KUBERNETES = /^(?:kubernetes|kubectl-[^/]+)\.json(?:\.gz)?$/i
const KUBERNETES_YAML = /^(?:kubernetes|kubectl-[^/]+)\.ya?ml(?:\.gz)?$/i

/** What lies beside captures: `kubernetes-yaml` is known, but lists are read as JSON only. */
export type Companion = 'access-log' | 'kubernetes' | 'kubernetes-yaml'

export function companionOf(name: string): Companion | null {
  if (ACCESS_LOG.test(name)) return 'access-log'
  if (KUBERNETES.test(name)) return 'kubernetes'
  return KUBERNETES_YAML.test(name) ? 'kubernetes-yaml' : null
}

/** A folder of what kubectl wrote. */
export function isKubernetesFolder(name: string): boolean {
  return name.toLowerCase() === 'kubernetes'
}
