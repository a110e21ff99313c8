/** What rstscope uses of a line; everything else of a format is opaque to it. */
export type Field =
  | 'startTime'
  | 'duration'
  | 'method'
  | 'path'
  | 'protocol'
  | 'code'
  | 'flags'
  | 'details'
  | 'terminationDetails'
  | 'transportFailure'
  | 'bytesReceived'
  | 'bytesSent'
  | 'requestId'
  | 'cluster'
  | 'attempts'
  | 'upstreamHost'
  | 'upstreamRemote'
  | 'upstreamRemoteHost'
  | 'upstreamRemotePort'
  | 'upstreamLocal'
  | 'upstreamLocalHost'
  | 'upstreamLocalPort'
  | 'downstreamRemote'
  | 'downstreamRemoteHost'
  | 'downstreamRemotePort'
  | 'downstreamDirectRemote'
  | 'downstreamDirectRemoteHost'
  | 'downstreamDirectRemotePort'
  | 'downstreamLocal'
  | 'downstreamLocalHost'
  | 'downstreamLocalPort'
  | 'downstreamDirectLocal'
  | 'upstreamLocalClose'
  | 'downstreamLocalClose'
  | 'upstreamDetectedClose'
  | 'downstreamDetectedClose'

/** The texts of a line by field; absent where the format has no such field. */
export type Fields = Partial<Record<Field, string>> & {
  /** START_TIME, where it could be read already. */
  startNs?: bigint
}

/** What a value can look like, so that a line of another format is not taken for one of this. */
export type ValueKind = 'integer' | 'flags' | 'token' | 'text'

interface Meaning {
  field: Field | null
  kind: ValueKind
}

const meaning = (field: Field | null, kind: ValueKind): Meaning => ({ field, kind })
const TEXT: Meaning = meaning(null, 'text')

/** Command operators without parameters (Envoy's substitution_formatter.rst). */
const OPERATORS: Record<string, Meaning> = {
  START_TIME: meaning('startTime', 'text'),
  START_TIME_LOCAL: meaning('startTime', 'text'),
  DURATION: meaning('duration', 'integer'),
  PROTOCOL: meaning('protocol', 'token'),
  PATH: meaning('path', 'text'),
  RESPONSE_CODE: meaning('code', 'integer'),
  RESPONSE_FLAGS: meaning('flags', 'flags'),
  RESPONSE_FLAGS_LONG: meaning('flags', 'flags'),
  // Without spaces unless ALLOW_WHITESPACES is asked for; very old versions wrote spaces.
  RESPONSE_CODE_DETAILS: meaning('details', 'text'),
  CONNECTION_TERMINATION_DETAILS: meaning('terminationDetails', 'text'),
  UPSTREAM_TRANSPORT_FAILURE_REASON: meaning('transportFailure', 'text'),
  BYTES_RECEIVED: meaning('bytesReceived', 'integer'),
  BYTES_SENT: meaning('bytesSent', 'integer'),
  STREAM_ID: meaning('requestId', 'text'),
  UPSTREAM_CLUSTER: meaning('cluster', 'token'),
  UPSTREAM_CLUSTER_RAW: meaning('cluster', 'token'),
  UPSTREAM_REQUEST_ATTEMPT_COUNT: meaning('attempts', 'integer'),
  UPSTREAM_HOST: meaning('upstreamHost', 'token'),
  UPSTREAM_REMOTE_ADDRESS: meaning('upstreamRemote', 'token'),
  UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: meaning('upstreamRemoteHost', 'token'),
  UPSTREAM_REMOTE_PORT: meaning('upstreamRemotePort', 'integer'),
  UPSTREAM_LOCAL_ADDRESS: meaning('upstreamLocal', 'token'),
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: meaning('upstreamLocalHost', 'token'),
  UPSTREAM_LOCAL_PORT: meaning('upstreamLocalPort', 'integer'),
  DOWNSTREAM_REMOTE_ADDRESS: meaning('downstreamRemote', 'token'),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: meaning('downstreamRemoteHost', 'token'),
  DOWNSTREAM_REMOTE_PORT: meaning('downstreamRemotePort', 'integer'),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: meaning('downstreamDirectRemote', 'token'),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: meaning('downstreamDirectRemoteHost', 'token'),
  DOWNSTREAM_DIRECT_REMOTE_PORT: meaning('downstreamDirectRemotePort', 'integer'),
  DOWNSTREAM_LOCAL_ADDRESS: meaning('downstreamLocal', 'token'),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: meaning('downstreamLocalHost', 'token'),
  DOWNSTREAM_LOCAL_PORT: meaning('downstreamLocalPort', 'integer'),
  DOWNSTREAM_DIRECT_LOCAL_ADDRESS: meaning('downstreamDirectLocal', 'token'),
  UPSTREAM_LOCAL_CLOSE_REASON: meaning('upstreamLocalClose', 'text'),
  DOWNSTREAM_LOCAL_CLOSE_REASON: meaning('downstreamLocalClose', 'text'),
  UPSTREAM_DETECTED_CLOSE_TYPE: meaning('upstreamDetectedClose', 'token'),
  DOWNSTREAM_DETECTED_CLOSE_TYPE: meaning('downstreamDetectedClose', 'token'),
  CONNECTION_ID: meaning(null, 'integer'),
  UPSTREAM_CONNECTION_ID: meaning(null, 'integer'),
  ROUTE_NAME: meaning(null, 'token'),
  REQUESTED_SERVER_NAME: meaning(null, 'token'),
}

/** Request headers that are fields of their own, by the first name that is asked for. */
const REQUEST_HEADERS: Record<string, Meaning> = {
  ':METHOD': meaning('method', 'token'),
  ':PATH': meaning('path', 'text'),
  'X-ENVOY-ORIGINAL-PATH': meaning('path', 'text'),
  'X-REQUEST-ID': meaning('requestId', 'text'),
}

/** What an operator stands for; unknown ones, and headers that are not used, are opaque text. */
export function meaningOf(name: string, argument: string): Meaning {
  if (name === 'REQ' || name === 'REQUEST_HEADER') {
    const header = argument.split('?', 1)[0]!.toUpperCase()
    return REQUEST_HEADERS[header] ?? TEXT
  }
  if (name === 'RESP' && argument.toUpperCase() === 'X-ENVOY-UPSTREAM-SERVICE-TIME') {
    return meaning(null, 'integer')
  }
  // With a mask the address is a network: `10.1.0.0/16`.
  if (argument !== '' && name.endsWith('_WITHOUT_PORT')) return meaning(null, 'token')
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name]! : TEXT
}

/** The keys of Istio's and Envoy Gateway's JSON formats, reduced to letters and digits in lower case. */
const JSON_KEYS: Record<string, Field> = {
  starttime: 'startTime',
  duration: 'duration',
  method: 'method',
  path: 'path',
  xenvoyoriginpath: 'path',
  xenvoyoriginalpath: 'path',
  protocol: 'protocol',
  responsecode: 'code',
  responseflags: 'flags',
  responseflagslong: 'flags',
  responsecodedetails: 'details',
  connectionterminationdetails: 'terminationDetails',
  upstreamtransportfailurereason: 'transportFailure',
  bytesreceived: 'bytesReceived',
  bytessent: 'bytesSent',
  requestid: 'requestId',
  xrequestid: 'requestId',
  upstreamcluster: 'cluster',
  upstreamclusterraw: 'cluster',
  upstreamrequestattemptcount: 'attempts',
  upstreamhost: 'upstreamHost',
  upstreamremoteaddress: 'upstreamRemote',
  upstreamlocaladdress: 'upstreamLocal',
  downstreamremoteaddress: 'downstreamRemote',
  downstreamdirectremoteaddress: 'downstreamDirectRemote',
  downstreamlocaladdress: 'downstreamLocal',
  downstreamdirectlocaladdress: 'downstreamDirectLocal',
  upstreamlocalclosereason: 'upstreamLocalClose',
  downstreamlocalclosereason: 'downstreamLocalClose',
  upstreamdetectedclosetype: 'upstreamDetectedClose',
  downstreamdetectedclosetype: 'downstreamDetectedClose',
}

const LONGEST_KEY = 64

/** The field that a key of a JSON line names; null for keys that are not used. */
export function fieldOfKey(key: string): Field | null {
  if (key.length > LONGEST_KEY) return null
  const plain = key.replace(/[^A-Za-z0-9]/g, '').toLowerCase()
  return Object.hasOwn(JSON_KEYS, plain) ? JSON_KEYS[plain]! : null
}
