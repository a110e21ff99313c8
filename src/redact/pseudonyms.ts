import { createHmac, hkdfSync } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import {
  addressWords,
  ipv4Text,
  ipv6Text,
} from '../../native-free-decoders/network/address-text.ts'
import { type AddressMap, addressMap } from './address-map.ts'

export interface Pseudonyms {
  addresses: AddressMap
  /** Eight hexadecimal digits that stand for a name, whatever it is the name of and however it is capitalised. */
  digits(name: string): string
  /** A link-layer address: locally administered; broadcast, multicast and zero stay. */
  mac(address: Uint8Array): Uint8Array
  /** A text with every address in it replaced. */
  addressesIn(text: string): string
}

/** All pseudonyms follow from the key: the same key gives the same ones in another run. */
export function pseudonyms(key: string): Pseudonyms {
  const secret = new Uint8Array(hkdfSync('sha256', key, 'rstscope redaction', '', 64))
  const addresses = addressMap(secret.subarray(0, 32))
  const hash = (text: string | Uint8Array) =>
    createHmac('sha256', secret.subarray(32)).update(text).digest()
  const mac = (address: Uint8Array): Uint8Array => {
    const isGroup = (address[0]! & 1) !== 0
    if (isGroup || address.every((byte) => byte === 0)) return address
    const made = Uint8Array.from(hash(address).subarray(0, 6))
    made[0] = (made[0]! & 0xfc) | 0x02
    return made
  }
  return {
    addresses,
    digits: (name) => hash(name.toLowerCase()).toString('hex', 0, 4),
    mac,
    addressesIn: (text) => replaceAddresses(text, addresses, mac),
  }
}

// Either something with colons in it, or four numbers: written with dots, or with hyphens as in the DNS name of a pod.
const ADDRESS_LIKE =
  /(?<![0-9A-Za-z])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,64}|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d])|(?<![\d-])\d{1,3}(?:-\d{1,3}){3}(?![\d-])/g
const FOUR_NUMBERS = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d])/g
const MAC = /^(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/

function replaceAddresses(
  text: string,
  addresses: AddressMap,
  mac: (address: Uint8Array) => Uint8Array,
): string {
  const ipv4 = (found: string): string =>
    isIPv4(found) ? ipv4Text(addresses.ipv4(addressWords(found)[0]!)) : found
  return text.replace(ADDRESS_LIKE, (found) => {
    if (!found.includes(':')) {
      return found.includes('-')
        ? ipv4(found.replaceAll('-', '.')).replaceAll('.', '-')
        : ipv4(found)
    }
    const end = found.replace(/[:.]$/, '')
    // A port behind an address without brackets would be read as a part of it, so the longest that is one is taken.
    for (const one of new Set([found, end])) {
      const rest = found.slice(one.length)
      if (isIPv6(one)) return ipv6Of(one, addresses) + rest
      if (MAC.test(one))
        return macText(mac(Uint8Array.from(one.split(':'), (h) => Number.parseInt(h, 16)))) + rest
    }
    return found.replace(FOUR_NUMBERS, ipv4)
  })
}

function ipv6Of(text: string, addresses: AddressMap): string {
  // The URL parser brings every way of writing one into the canonical one.
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const [a, b, c, d] = addresses.ipv6([...addressWords(canonical)]) as [
    number,
    number,
    number,
    number,
  ]
  return ipv6Text(a, b, c, d)
}

function macText(address: Uint8Array): string {
  return [...address].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}
