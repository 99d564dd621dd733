/** The editor's arithmetic, against what Python says of the same networks; and moving layers about. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { load } from "./load.js"

const { readStack, writeStack, surveyStack, moveLayer, withoutLayer, layerNumbers, unitLength, aboutSeconds, roundly } = load(
  ["widgets/shared/layer_stack.js"],
  ["readStack", "writeStack", "surveyStack", "moveLayer", "withoutLayer", "layerNumbers", "unitLength", "aboutSeconds", "roundly"],
)

const CASES = JSON.parse(readFileSync(new URL("layer_stack.json", import.meta.url), "utf8"))
const LIMITS = { parameters: 5_000_000, multiplications: 500_000_000 }

test("shapes, parameters, multiplications, receptive fields and faults are Python's", () => {
  assert.ok(CASES.length > 150)
  for (const { text, shape, steps } of CASES) {
    const layers = readStack(text)
    const found = surveyStack(layers, shape, 10, LIMITS)
      .filter((_, i) => layers[i]?.kind !== "e") // for which Python has no step
      .map((step) => [step.shape, step.parameters, step.multiplications, step.activations, step.field, step.fault])
    assert.deepEqual(found, steps, text)
  }
})

test("a text stays the same when it is read and written", () => {
  for (const { text } of CASES) assert.equal(writeStack(readStack(text)), text)
})

const moved = (text, from, to) => writeStack(moveLayer(readStack(`stack1:${text}`), from, to)).slice(7)

test("a layer moves, also into a block and out of it", () => {
  assert.equal(moved("c1.p2.f", 0, 1), "p2.c1.f")
  assert.equal(moved("c1.p2.f", 2, 0), "f.c1.p2")
  assert.equal(moved("a.r.c1.e.f", 0, 1), "r.a.c1.e.f")
  assert.equal(moved("r.c1.e.f", 1, 2), "r.e.c1.f")
  assert.equal(moved("c1.f", 0, -1), "c1.f")
  assert.equal(moved("c1.f", 1, 9), "c1.f")
})

test("a block moves as a whole, and never into another one", () => {
  assert.equal(moved("r.c1.e.a.f", 0, 1), "a.r.c1.e.f")
  assert.equal(moved("r.c1.e.r.c2.a.e.f", 0, 1), "r.c2.a.e.r.c1.e.f")
  assert.equal(moved("a.r.c2.a.e.r.c1.e", 5, 3), "a.r.c1.e.r.c2.a.e")
})

test("no move loses or makes a layer, or leaves a block open", () => {
  for (const { text } of CASES) {
    const layers = readStack(text)
    layers.forEach((layer, from) => {
      if (layer.kind === "e") return
      for (let to = -1; to <= layers.length; to++) {
        const after = moveLayer(layers, from, to)
        assert.equal(after.length, layers.length)
        assert.deepEqual(new Set(after), new Set(layers))
        let depth = 0
        for (const { kind } of after) {
          depth += (kind === "r") - (kind === "e")
          assert.ok(depth === 0 || depth === 1, `${text}: ${from} to ${to}`)
        }
      }
    })
  }
})

test("a block is removed whole, and layers are counted as people do", () => {
  const layers = readStack("stack1:c1.r.c1.a.e.f")
  assert.equal(unitLength(layers, 1), 4)
  assert.equal(writeStack(withoutLayer(layers, 1)), "stack1:c1.f")
  assert.equal(writeStack(withoutLayer(layers, 2)), "stack1:c1.r.a.e.f")
  assert.deepEqual(layerNumbers(layers), ["1", "2", "2.1", "2.2", "", "3"])
})

test("numbers and seconds are told roundly", () => {
  assert.deepEqual([1, 9_999, 12_345, 123_456, 999_600, 4_567_890].map(roundly), ["1", "9,999", "12.3 k", "123 k", "1 M", "4.57 M"])
  assert.deepEqual([0.2, 3.4, 12, 56, 61, 3_000, 9_000].map(aboutSeconds), ["about 1 s", "about 3 s", "about 10 s", "about 55 s", "about 1 min", "about 50 min", "about 2.5 h"])
})
