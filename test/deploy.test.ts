import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { FLAGS } from '../src/cli/options.ts'
import { root } from './source-files.ts'

const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

const models = createRequire(import.meta.url)

// biome-ignore lint/suspicious/noExplicitAny: what is in it is for the schemas to say
type Manifest = any

const FOLDER = `${root}deploy/`
const manifests: [name: string, manifest: Manifest][] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(FOLDER + file, 'utf8')).map((document): [string, Manifest] => {
      expect(document.errors).toEqual([])
      const manifest = document.toJS()
      return [`${file} ${manifest.kind} ${manifest.metadata.name}`, manifest]
    }),
  )

const podSpec = ({ spec }: Manifest): Manifest => spec?.template?.spec
const pods = manifests.filter(([, manifest]) => podSpec(manifest) !== undefined)
const named = (kind: string) =>
  manifests
    .filter(([, manifest]) => manifest.kind === kind)
    .map(([, { metadata }]) => metadata.name)

test('there are manifests of both ways', () => {
  expect(manifests.map(([, { kind }]) => kind).sort()).toEqual(
    ['ConfigMap', 'Deployment', 'Job', 'Job', 'NetworkPolicy', 'PersistentVolumeClaim']
      .concat(['PersistentVolumeClaim', 'Service', 'StatefulSet'])
      .sort(),
  )
})

/** The value, and the paths of its fields that nobody has asked for. */
function recording(value: object, path: string, unread: Set<string>): object {
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`)
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key)
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return inner
      unread.delete(`${path}/${key}`)
      return typeof inner === 'object' && inner !== null
        ? recordings(inner, `${path}/${key}`, unread)
        : inner
    },
  })
}

const known = new WeakMap<object, object>()
function recordings(value: object, path: string, unread: Set<string>): object {
  const proxy = known.get(value) ?? recording(value, path, unread)
  known.set(value, proxy)
  return proxy
}

test.each(manifests)('%s is what the schemas of Kubernetes allow', (_, manifest) => {
  const { apiVersion, kind } = manifest
  const { [kind]: Model } = models(`kubernetes-models/${apiVersion}`)
  const unread = new Set<string>()
  const model = new Model()
  // The check reads the fields that the schema has; one that it does not read is one that it does not have.
  Object.assign(model, recordings(manifest, '', unread))
  expect(() => model.validate()).not.toThrow()
  expect([...unread]).toEqual([])
})

test('a field that the schema does not have, or has otherwise, is noticed', () => {
  const { Deployment } = models('kubernetes-models/apps/v1')
  const [, workers] = manifests.find(([name]) => name.startsWith('workers.yaml'))!
  const wrong = structuredClone(workers)
  wrong.spec.template.spec.containers[0].ressources = {}
  const unread = new Set<string>()
  const model = Object.assign(new Deployment(), recordings(wrong, '', unread))
  model.validate()
  expect([...unread]).toEqual(['/spec/template/spec/containers/0/ressources'])
  wrong.spec.replicas = 'four'
  expect(() => new Deployment(wrong).validate()).toThrow(/replicas/)
})

describe.each(pods)('the pod of %s', (_, manifest) => {
  const spec = podSpec(manifest)

  test('has no rights that it does not need, and bounds', () => {
    expect(spec.automountServiceAccountToken).toBe(false)
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0)
    for (const { securityContext, resources } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(resources.requests).toHaveProperty('cpu')
      expect(resources.limits).toHaveProperty('memory')
    }
  })

  test('mounts what there is', () => {
    const volumes = [...(spec.volumes ?? []), ...(manifest.spec.volumeClaimTemplates ?? [])].map(
      ({ name, metadata }) => name ?? metadata.name,
    )
    for (const { volumeMounts } of spec.containers) {
      expect(volumeMounts.map(({ name }: Manifest) => name).sort()).toEqual([...volumes].sort())
    }
    for (const { persistentVolumeClaim, configMap } of spec.volumes) {
      if (persistentVolumeClaim) {
        expect(named('PersistentVolumeClaim')).toContain(persistentVolumeClaim.claimName)
      }
      if (configMap) expect(named('ConfigMap')).toContain(configMap.name)
    }
  })

  test('is the one that its selector means', () => {
    const { selector } = manifest.spec
    if (manifest.kind === 'Job') expect(selector).toBeUndefined()
    else expect(manifest.spec.template.metadata.labels).toEqual(selector.matchLabels)
  })
})

const ours = pods.filter(([, manifest]) =>
  podSpec(manifest).containers[0].image.startsWith('rstscope'),
)

test.each(ours)('%s runs a command line that there is', (_, manifest) => {
  const [{ image, args, command = [], env = [] }] = podSpec(manifest).containers
  expect(image).toBe(`rstscope:${version}`)
  const words: string[] = [...args, ...command.join(' ').matchAll(/--[a-z-]+/g)].map(String)
  for (const word of words.filter((one) => one.startsWith('--'))) {
    const flag = FLAGS.find(
      ({ name, commands }) => `--${name}` === word && commands.includes(args[0]),
    )
    expect(flag, `${args[0]} ${word}`).toBeDefined()
  }
  const variables = FLAGS.map((flag) => flag.env)
  for (const { name } of env) expect(variables).toContain(name)
})

test('the queue is where the Service is, and open to the pods of rstscope only', () => {
  const of = (kind: string) => manifests.find(([, manifest]) => manifest.kind === kind)![1]
  const labels = of('StatefulSet').spec.template.metadata.labels
  expect(labels).toEqual(of('Service').spec.selector)
  expect(labels).toEqual(of('NetworkPolicy').spec.podSelector.matchLabels)
  const [{ from }] = of('NetworkPolicy').spec.ingress
  expect(of('Deployment').spec.template.metadata.labels).toMatchObject(
    from[0].podSelector.matchLabels,
  )
  for (const [, manifest] of ours) {
    for (const { name, value } of podSpec(manifest).containers[0].env ?? []) {
      if (name === 'RSTSCOPE_QUEUE')
        expect(value).toBe(`redis://${of('Service').metadata.name}:6379`)
    }
  }
})

test('an Indexed Job has as many slices as completions; a worker has time to give back', () => {
  const indexed = manifests.find(([, { spec }]) => spec?.completionMode === 'Indexed')![1]
  expect(podSpec(indexed).containers[0].args).toContain(`job/${indexed.spec.completions}`)
  const workers = manifests.find(([, { kind }]) => kind === 'Deployment')![1]
  const { args } = podSpec(workers).containers[0]
  const grace = Number(args[args.indexOf('--grace') + 1])
  expect(podSpec(workers).terminationGracePeriodSeconds).toBeGreaterThan(grace + 10)
})

test('the image has the packages of the queue that are tested', () => {
  const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const dockerfile = readFileSync(`${FOLDER}Dockerfile`, 'utf8')
  for (const name of ['bullmq', 'ioredis']) {
    expect(dockerfile).toContain(`${name}@${devDependencies[name]}`)
  }
  expect(dockerfile).toContain(`rstscope:${version}`)
  expect(dockerfile).toMatch(/^USER 1000:1000$/m)
})
