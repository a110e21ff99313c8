import { expect, test } from 'vitest'
import { filledIn } from '../../src/diagnosis/fill-in-names.ts'
import type { Workload } from '../../src/model/report.ts'

const CART: Workload = {
  kind: 'pod',
  namespace: 'shop',
  name: 'cart-0',
  podName: 'cart-0',
  container: 'app',
  port: null,
  node: 'n1',
  service: 'shop/cart',
  owner: null,
  sidecar: 'none',
  since: null,
  until: null,
  basis: '',
}

test.each([
  ['kubectl logs POD -c CONTAINER --previous', 'kubectl logs cart-0 -n shop -c app --previous'],
  ['kubectl logs POD -n NAMESPACE', 'kubectl logs cart-0 -n shop'],
  ['kubectl get endpointslices -l a=SERVICE', 'kubectl get endpointslices -l a=cart -n shop'],
  ['kubectl get pods -A: POD', 'kubectl get pods -A: cart-0'],
  ['ss -ltn; PODS and HTTP', 'ss -ltn; PODS and HTTP'],
])('%s', (step, filled) => {
  expect(filledIn([step], CART)).toEqual([filled])
})

test('what is not known stays as it is', () => {
  const step = 'kubectl logs POD -c CONTAINER'
  expect(filledIn([step], null)).toEqual([step])
  expect(filledIn([step], { ...CART, container: null })).toEqual([
    'kubectl logs cart-0 -n shop -c CONTAINER',
  ])
})

test('what became the same is said once', () => {
  const steps = ['kubectl logs cart-0 -n shop -c app', 'kubectl logs POD -c CONTAINER']
  expect(filledIn(steps, CART)).toHaveLength(1)
})
