import type { ClusterStatement, ConnectionQuestion } from '../../model/cluster.ts'
import { addressBlock, isInBlock, normalAddress } from './address.ts'
import { podName, sidecarOf } from './listeners.ts'
import { destinationTls, effectiveMtls, outboundPolicy } from './mesh-policy.ts'
import type { Pod } from './pods.ts'
import { takesOver } from './question.ts'
import type { ClusterObjects } from './read-objects.ts'
import type { AddressBook } from './resolve.ts'

interface MeshEnds {
  client: Pod | null
  target: Pod | null
}

/** What Istio's policies say of the first bytes of a connection: who had to speak TLS, and who did. */
export function meshStatements(
  objects: ClusterObjects,
  book: AddressBook,
  question: ConnectionQuestion,
  ends: MeshEnds,
): ClusterStatement[] {
  const { how, spoke } = question
  if (how !== 'closed' || spoke === 'nothing')
    return registryStatements(objects, book, question, ends)
  return [
    ...acceptedBy(objects, book, question, ends),
    ...openedBy(objects, book, question, ends),
    ...registryStatements(objects, book, question, ends),
  ]
}

/** What the proxy of the called pod accepts. */
function acceptedBy(
  objects: ClusterObjects,
  book: AddressBook,
  question: ConnectionQuestion,
  { client, target }: MeshEnds,
): ClusterStatement[] {
  if (target === null || objects.peerAuthentications.length === 0) return []
  const isMeshed = sidecarOf(target) === 'ambient' || takesOver(target, 'upstream', question)
  if (!isMeshed) return []
  const { mode, policy } = effectiveMtls(
    objects.peerAuthentications,
    target,
    question.upstream.port,
  )
  if (policy === null) return []
  const object = `PeerAuthentication ${policy.namespace}/${policy.name}`
  const next = `kubectl -n ${policy.namespace} get peerauthentication ${policy.name} -o yaml; istioctl x describe pod ${target.name} -n ${target.namespace}`
  const base = { side: 'upstream', object, next } as const
  const holds = `${object} (${mode}) holds for ${podName(target)}`
  if (mode !== 'STRICT') {
    const text = `${holds}: plaintext is accepted`
    return [{ ...base, fact: 'permissive-mtls', text, relation: 'against', confidence: 'probable' }]
  }
  const who = client === null ? question.client.address : podName(client)
  const sidecar = client === null ? 'unknown' : sidecarOf(client)
  const isOutside = sidecar === 'none'
  const why = isOutside
    ? `, and ${who} has no sidecar`
    : client === null
      ? `; whether ${who} has a sidecar is not in the lists`
      : destinationOf(objects, book, question, client, target) === 'DISABLE'
        ? ', and the sidecar of the client is told not to use it'
        : `; ${who} has a proxy (${sidecar}) that should have spoken it`
  const isPlain = question.spoke === 'plaintext'
  return [
    {
      ...base,
      fact: 'strict-mtls',
      text: `${holds}: its proxy accepts the mesh's mutual TLS only${why}`,
      relation: isOutside || isPlain ? 'explains' : 'coincident',
      confidence: isOutside ? 'certain' : isPlain ? 'probable' : 'unclear',
    },
  ]
}

/** What the proxy of the caller was told to open connections with. */
function openedBy(
  objects: ClusterObjects,
  book: AddressBook,
  question: ConnectionQuestion,
  { client, target }: MeshEnds,
): ClusterStatement[] {
  if (target === null || (client !== null && sidecarOf(client) === 'none')) return []
  const found = ruleOf(objects, book, question, client, target)
  if (found === null) return []
  const { rule, mode } = found
  const object = `DestinationRule ${rule.namespace}/${rule.name}`
  const next = `kubectl -n ${rule.namespace} get destinationrule ${rule.name} -o yaml`
  const base = { side: 'client', object, next } as const
  const meshed = sidecarOf(target) === 'ambient' || takesOver(target, 'upstream', question)
  const without = meshed ? '' : `, and ${podName(target)} has no sidecar to speak it`
  if (mode === 'DISABLE' && question.spoke === 'plaintext') {
    const text = `${object} tells the client's proxy to speak plaintext to ${rule.host} (tls mode DISABLE)`
    return [
      { ...base, fact: 'client-plaintext', text, relation: 'explains', confidence: 'probable' },
    ]
  }
  if (mode === 'DISABLE' || question.spoke !== 'tls') return []
  return [
    {
      ...base,
      fact: 'client-tls',
      text: `${object} tells the client's proxy to speak TLS to ${rule.host} (tls mode ${mode})${without}`,
      relation: meshed ? 'coincident' : 'explains',
      confidence: meshed ? 'unclear' : mode === 'ISTIO_MUTUAL' ? 'certain' : 'probable',
    },
  ]
}

function ruleOf(
  objects: ClusterObjects,
  book: AddressBook,
  question: ConnectionQuestion,
  client: Pod | null,
  target: Pod,
) {
  const { called, upstream } = question
  const hit = book.serviceAt(called.address, called.port)
  const service = hit?.service ?? book.serviceOf(target, upstream.port)
  if (service === null) return null
  const port =
    hit?.port?.port ?? service.ports.find((one) => one.targetPort === upstream.port)?.port
  const namespace = client?.namespace ?? null
  return destinationTls(objects.destinationRules, namespace, service, port ?? null, question.subset)
}

function destinationOf(...args: Parameters<typeof ruleOf>): string | null {
  return ruleOf(...args)?.mode ?? null
}

/** An address that nothing in the mesh knows. */
function registryStatements(
  objects: ClusterObjects,
  book: AddressBook,
  question: ConnectionQuestion,
  { client, target }: MeshEnds,
): ClusterStatement[] {
  const { called } = question
  if (client === null || target !== null || sidecarOf(client) !== 'istio-proxy') return []
  const address = normalAddress(called.address)
  if (address === null || book.resolve(address, called.port, question.client.first) !== null)
    return []
  const isListed = objects.serviceEntries.some(({ addresses }) =>
    addresses.some((text) => {
      const block = addressBlock(text)
      return block === null ? normalAddress(text) === address : isInBlock(block, address)
    }),
  )
  if (isListed) return []
  const byName = objects.serviceEntries.length === 0 ? '' : ' (a ServiceEntry may name its host)'
  const mode = outboundPolicy(objects.outboundPolicies, client)?.mode ?? null
  if (mode === 'ALLOW_ANY') return []
  const who = `the sidecar of ${podName(client)}`
  const then =
    mode === null
      ? `with outboundTrafficPolicy REGISTRY_ONLY ${who} sends such calls to BlackHoleCluster`
      : `outboundTrafficPolicy is REGISTRY_ONLY, so ${who} sends such calls to BlackHoleCluster`
  return [
    {
      fact: 'not-in-registry',
      side: 'client',
      object: `Pod ${podName(client)}`,
      text: `no Service, pod or ServiceEntry of the lists has the address ${address}${byName}: ${then}`,
      relation: mode === null ? 'coincident' : 'explains',
      confidence: mode === null ? 'unclear' : 'probable',
      next: 'kubectl -n istio-system get configmap istio -o jsonpath={.data.mesh} | grep -A1 outboundTrafficPolicy',
    },
  ]
}
