#!/usr/bin/env node
/**
 * What would more cores bring? The model of bench/README.md, "One capture over W workers", from measured constants:
 * node bench/model.mjs --packets 10e6 --connections 500e3 --walk NS --engine NS --post NS --serial NS --start MS --merge MS
 */
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const WORKERS = [1, 2, 4, 8]

/**
 * Constants of one machine and one kind of capture.
 * @typedef {object} Constants
 * @property {number} packets      N
 * @property {number} connections  C
 * @property {number} walkNs       w: a record found and decoded, in every worker
 * @property {number} engineNs     e: a segment put to its connection, in one worker
 * @property {number} postNs       p: what a connection costs after reading, as far as it is shared out
 * @property {number} serialNs     q: what a connection costs after reading in the main thread
 * @property {number} startMs      s: a thread started (0 where none is)
 * @property {number} mergeMs      m: the parts put together (0 where there is one)
 */

/** T(W) in ms: a thread's start, its walk of everything, its share of the engine and of the connections, the rest. */
export function modelledMs(workers, constants) {
  const { packets, connections, walkNs, engineNs, postNs, serialNs, startMs, mergeMs } = constants
  const walk = (packets * (walkNs + engineNs / workers)) / 1e6
  const post = (connections * (postNs / workers + serialNs)) / 1e6
  return (workers > 1 ? startMs + mergeMs : 0) + walk + post
}

/** For each number of workers: time in ms, and how many times faster than one. */
export function modelledGains(constants, workers = WORKERS) {
  const alone = modelledMs(1, constants)
  return workers.map((w) => {
    const ms = modelledMs(w, constants)
    return { workers: w, ms, gain: alone / ms }
  })
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const flag = (value) => ({ type: 'string', default: value })
  const { values } = parseArgs({
    options: {
      packets: flag('10e6'),
      connections: flag('500e3'),
      walk: flag('0'),
      engine: flag('0'),
      post: flag('0'),
      serial: flag('0'),
      start: flag('0'),
      merge: flag('0'),
    },
  })
  const n = (name) => Number(values[name])
  const constants = {
    packets: n('packets'),
    connections: n('connections'),
    walkNs: n('walk'),
    engineNs: n('engine'),
    postNs: n('post'),
    serialNs: n('serial'),
    startMs: n('start'),
    mergeMs: n('merge'),
  }
  if (constants.walkNs + constants.engineNs <= 0) {
    console.error('model: give at least --walk and --engine, in ns for each packet')
    process.exit(2)
  }
  console.log('workers      time    gain')
  for (const { workers, ms, gain } of modelledGains(constants)) {
    const time = `${(ms / 1e3).toFixed(2)} s`
    console.log(`${`${workers}`.padStart(7)} ${time.padStart(9)} ${gain.toFixed(2).padStart(6)}×`)
  }
}
