/** The arithmetic of the map. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const names = ["decode", "middle", "shapeOf", "shuffled"]
const { decode, middle, shapeOf, shuffled } = load(["widgets/embedding_map/embedding_map.js"], names, {
  matchMedia: () => ({ matches: false }),
  window: globalThis,
})

test("points are drawn in an order that is shuffled, complete and always the same", () => {
  const order = shuffled(1000)
  assert.deepEqual([...order].sort((a, b) => a - b), [...Array(1000).keys()])
  assert.deepEqual(order, shuffled(1000))
  assert.notDeepEqual([...order], [...Array(1000).keys()])
})

test("a group's name stands at its median, or nowhere", () => {
  const map = { group: [0, 0, 0, 1], points: [0, 0, 1, 5, 100, 7, 3, 3] }
  assert.deepEqual(middle(map, 0), [1, 5])
  assert.equal(middle(map, 2), null)
})

test("classes of one colour have different shapes up to forty", () => {
  const map = { kind: "classes" }
  const looks = Array.from({ length: 40 }, (_, i) => `${i % 10} ${shapeOf(map, i)}`)
  assert.equal(new Set(looks).size, 40)
  assert.notEqual(shapeOf(map, 0), shapeOf(map, 1))
})

test("bytes come through base64 as they are", () => {
  assert.deepEqual([...new Uint8Array(decode(btoa("\x00\xff\x07")))], [0, 255, 7])
})
