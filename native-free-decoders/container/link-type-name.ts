/** LINKTYPE_ numbers that mean raw IP: 101 is the assigned one, 12 and 14 are what some systems write for DLT_RAW. */
const RAW = 101
const DLT_RAW_BSD = 12
const DLT_RAW_OPENBSD = 14

/** Above all LINKTYPE_ numbers: the record is no packet but some other block of a pcapng file. */
export const LINK_TYPE_NO_PACKET = 0x20000

/** Names as in the LINKTYPE_ list of tcpdump.org, without the prefix. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'NULL'],
  [1, 'EN10MB'],
  [3, 'AX25'],
  [6, 'IEEE802_5'],
  [7, 'ARCNET_BSD'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [50, 'PPP_HDLC'],
  [51, 'PPP_ETHER'],
  [99, 'SYMANTEC_FIREWALL'],
  [100, 'ATM_RFC1483'],
  [RAW, 'RAW'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [107, 'FRELAY'],
  [108, 'LOOP'],
  [109, 'ENC'],
  [113, 'LINUX_SLL'],
  [114, 'LTALK'],
  [117, 'PFLOG'],
  [119, 'IEEE802_11_PRISM'],
  [122, 'IP_OVER_FC'],
  [123, 'SUNATM'],
  [127, 'IEEE802_11_RADIOTAP'],
  [129, 'ARCNET_LINUX'],
  [138, 'APPLE_IP_OVER_IEEE1394'],
  [139, 'MTP2_WITH_PHDR'],
  [140, 'MTP2'],
  [141, 'MTP3'],
  [142, 'SCCP'],
  [143, 'DOCSIS'],
  [144, 'LINUX_IRDA'],
  [163, 'IEEE802_11_AVS'],
  [166, 'PPP_PPPD'],
  [169, 'GPRS_LLC'],
  [177, 'LINUX_LAPD'],
  [187, 'BLUETOOTH_HCI_H4'],
  [189, 'USB_LINUX'],
  [192, 'PPI'],
  [195, 'IEEE802_15_4_WITHFCS'],
  [197, 'ERF'],
  [201, 'BLUETOOTH_HCI_H4_WITH_PHDR'],
  [203, 'LAPD'],
  [204, 'PPP_WITH_DIR'],
  [205, 'C_HDLC_WITH_DIR'],
  [206, 'FRELAY_WITH_DIR'],
  [209, 'IPMB_LINUX'],
  [220, 'USB_LINUX_MMAPPED'],
  [224, 'FC_2'],
  [226, 'IPNET'],
  [227, 'CAN_SOCKETCAN'],
  [228, 'IPV4'],
  [229, 'IPV6'],
  [230, 'IEEE802_15_4_NOFCS'],
  [231, 'DBUS'],
  [235, 'DVB_CI'],
  [239, 'NFLOG'],
  [240, 'NETANALYZER'],
  [241, 'NETANALYZER_TRANSPARENT'],
  [242, 'IPOIB'],
  [243, 'MPEG_2_TS'],
  [248, 'SCTP'],
  [249, 'USBPCAP'],
  [251, 'BLUETOOTH_LE_LL'],
  [252, 'WIRESHARK_UPPER_PDU'],
  [253, 'NETLINK'],
  [254, 'BLUETOOTH_LINUX_MONITOR'],
  [258, 'PKTAP'],
  [265, 'ISO_14443'],
  [271, 'VSOCK'],
  [272, 'NORDIC_BLE'],
  [274, 'ETHERNET_MPACKET'],
  [276, 'LINUX_SLL2'],
  [281, 'DSA_TAG_BRCM'],
  [282, 'DSA_TAG_BRCM_PREPEND'],
  [284, 'DSA_TAG_DSA'],
  [285, 'DSA_TAG_EDSA'],
  [290, 'USB_2_0'],
  [LINK_TYPE_NO_PACKET, 'NO_PACKET'],
])

/** The assigned number for values that systems use for one and the same link type. */
export function canonicalLinkType(linkType: number): number {
  return linkType === DLT_RAW_BSD || linkType === DLT_RAW_OPENBSD ? RAW : linkType
}

/** LINKTYPE_ name without the prefix, or the number as text where it has none here. */
export function linkTypeName(linkType: number): string {
  return NAMES.get(linkType) ?? String(linkType)
}
