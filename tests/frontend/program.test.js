/** A network laid open, against what Keras makes in each layer; tests/core/page_golden.py writes the file. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { load } from "./load.js"

const names = ["laidOpen", "traced", "explained", "placeAt", "indexAt", "fieldOf", "strongestFirst", "peakOf", "inPython"]
const { laidOpen, traced, explained, placeAt, fieldOf, strongestFirst, peakOf, inPython } = load(
  ["../core/networks/browser/engine.js", "../core/networks/browser/program.js"],
  names,
)
const golden = JSON.parse(readFileSync(new URL("page_engine.json", import.meta.url), "utf8"))
const near = (found, wanted, most = 2e-5) => Math.abs(found - wanted) <= most * Math.max(1, Math.abs(wanted))
const imageOf = ({ plan, pixels }) => Float32Array.from(pixels, (level) => level * plan.scale)
const opened = ({ plan, weights }) => laidOpen(plan, Float32Array.from(weights))

/** What a person who has the numbers before them works out. */
const byHand = {
  conv: ({ channels, bias, sum, activation }) => {
    const products = channels.flatMap(({ patch, weights }) => patch.map((level, i) => (level ?? 0) * weights[i]))
    const total = products.reduce((a, b) => a + b, bias ?? 0)
    assert.ok(near(total, sum))
    return activation === "relu" ? Math.max(0, total) : total
  },
  dense: ({ products, bias, activation, powers, total, unit }) => {
    const sum = products.reduce((all, { level, weight }) => all + level * weight, bias)
    return { relu: Math.max(0, sum), linear: sum, softmax: powers?.[unit] / total }[activation]
  },
  norm: ({ level, mean, variance, gamma, beta, epsilon }) => ((level - mean) / Math.sqrt(variance + epsilon)) * gamma + beta,
  activation: ({ level, activation, powers, total, unit }) =>
    activation === "softmax" ? powers[unit] / total : Math.max(0, level),
  pool: ({ levels, largest }) => {
    assert.equal(levels[largest], Math.max(...levels))
    return Math.max(...levels)
  },
  average: ({ levels }) => levels.reduce((a, b) => a + b, 0) / levels.length,
  add: ({ into, branch }) => into + branch,
}

for (const each of golden) {
  test(`${each.title}: every layer as in Keras`, () => {
    const values = traced(opened(each), imageOf(each))
    assert.equal(values.length, each.within.length)
    values.forEach((made, id) => {
      assert.equal(made.length, each.within[id].length)
      for (const [i, value] of made.entries()) assert.ok(near(value, each.within[id][i]), `${id}: ${value} is not ${each.within[id][i]}`)
    })
  })

  test(`${each.title}: every value comes out of the numbers that are shown for it`, () => {
    const nodes = opened(each)
    const values = traced(nodes, imageOf(each))
    nodes.forEach((node, id) => {
      if (!byHand[node.kind]) return
      values[id].forEach((value, i) => {
        const place = placeAt(node.shape, i)
        const parts = explained(nodes, values, id, place)
        assert.equal(parts.value, value)
        const found = byHand[node.kind]({ ...parts, unit: place.channel })
        assert.ok(near(found, value), `${node.kind} ${i}: ${found} is not ${value}`)
      })
    })
  })
}

test("a pixel changes no value whose receptive field it is not in", () => {
  for (const each of golden) {
    const nodes = opened(each)
    const image = imageOf(each)
    const before = traced(nodes, image)
    for (const at of [0, 17, 41, 83]) {
      const { row, column } = placeAt(each.plan.shape, at)
      const after = traced(nodes, image.map((level, i) => (i === at ? 1 - level : level)))
      nodes.forEach((node, id) => {
        after[id].forEach((value, i) => {
          if (value === before[id][i]) return
          const field = fieldOf(nodes, id, placeAt(node.shape, i))
          const inside = row >= field.top && row <= field.bottom && column >= field.left && column <= field.right
          assert.ok(inside, `${each.title}, ${node.kind} ${i}: ${JSON.stringify(field)} has no ${row}, ${column}`)
        })
      })
    }
  }
})

test("a receptive field grows by two with each 3 x 3 convolution and doubles with pooling", () => {
  const layers = [
    { kind: "conv", filters: 1, kernel: 3, stride: 1, same: true, bias: false, activation: "relu" },
    { kind: "pool", size: 2 },
    { kind: "conv", filters: 1, kernel: 3, stride: 1, same: true, bias: false, activation: "relu" },
  ]
  const nodes = laidOpen({ shape: [12, 12, 1], scale: 1, networks: 1, layers }, new Float32Array(18))
  const at = { row: 2, column: 3, channel: 0 }
  assert.deepEqual(fieldOf(nodes, 1, at), { top: 1, left: 2, bottom: 3, right: 4 })
  assert.deepEqual(fieldOf(nodes, 2, at), { top: 3, left: 5, bottom: 6, right: 8 })
  assert.deepEqual(fieldOf(nodes, 3, at), { top: 1, left: 3, bottom: 8, right: 10 })
  assert.deepEqual(fieldOf(nodes, 3, { row: 0, column: 5, channel: 0 }), { top: 0, left: 7, bottom: 4, right: 11 })
})

test("a map that is switched off is zero, and only what comes after it changes", () => {
  const each = golden.find(({ title }) => title === "residual")
  const nodes = opened(each)
  const before = traced(nodes, imageOf(each))
  const after = traced(nodes, imageOf(each), new Map([[1, new Set([1])]]), before, 1)
  assert.equal(after[0], before[0])
  for (const [i, value] of after[1].entries()) assert.equal(value, i % 2 ? 0 : before[1][i])
  assert.notDeepEqual(after.at(-1), before.at(-1))
  assert.deepEqual(traced(nodes, imageOf(each), new Map(), after, 1), before)
})

test("what reacts most comes first, and its peak is found", () => {
  const shape = [2, 2, 3]
  const values = Float32Array.of(0, 5, -1, 0, 1, -9, 0, 0, -1, 0, 9, -1)
  assert.deepEqual(strongestFirst(values, shape), [1, 2, 0])
  assert.deepEqual(peakOf(values, shape, 1), { row: 1, column: 1, channel: 1 })
  assert.deepEqual(peakOf(Float32Array.of(3, 4), [2], 0), { row: 0, column: 0, channel: 0 })
})

test("the lines of Python have every number", () => {
  const each = golden.find(({ title }) => title === "convolution, same")
  const nodes = opened(each)
  const parts = explained(nodes, traced(nodes, imageOf(each)), 1, { row: 3, column: 3, channel: 1 })
  const text = inPython(parts)
  for (const { patch, weights } of parts.channels) for (const value of [...patch, ...weights]) assert.ok(text.includes(`${value}`))
  assert.ok(text.includes(`print(value)  # ${parts.value} on the page`))
})
