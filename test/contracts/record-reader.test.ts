import { recordReaderContract } from './record-reader.contract.ts'

recordReaderContract('native-free')
recordReaderContract('pcap-parser')
