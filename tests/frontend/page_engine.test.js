/** The engine of the browser, against what Keras answers; tests/core/page_golden.py writes the file. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { load } from "./load.js"

const { network, mirrorImage, unpackedWeights } = load(
  ["../core/networks/browser/engine.js"],
  ["network", "mirrorImage", "unpackedWeights"],
)
const golden = JSON.parse(readFileSync(new URL("page_engine.json", import.meta.url), "utf8"))
const near = (found, wanted) => {
  assert.equal(found.length, wanted.length)
  assert.ok(wanted.every((value, i) => Math.abs(value - found[i]) < 1e-5), `${found} is not ${wanted}`)
}

for (const { title, plan, weights, pixels, answer } of golden) {
  test(`${title}: as Keras answers, and the same again`, () => {
    const ask = network(plan, Float32Array.from(weights))
    near(ask(pixels), answer)
    ask(pixels.map((level) => 255 - level))
    near(ask(pixels), answer)
  })
}

test("several networks answer with the mean over an image and its mirror image", () => {
  const [{ plan, weights, pixels }, other] = golden
  const one = network(plan, Float32Array.from(weights))
  const two = network({ ...plan, networks: 2 }, Float32Array.from([...weights, ...weights.map((value) => -value)]))
  const negative = network(plan, Float32Array.from(weights, (value) => -value))
  const turned = [...mirrorImage(Float32Array.from(pixels), plan.shape)]
  const answers = [one(pixels), one(turned), negative(pixels), negative(turned)]
  near(two(pixels), Array.from(answers[0], (_, i) => answers.reduce((sum, each) => sum + each[i], 0) / 4))
  assert.notDeepEqual(plan.layers, other.plan.layers)
})

test("weights that are too many or too few are no network", () => {
  const [{ plan, weights }] = golden
  assert.throws(() => network(plan, Float32Array.from([...weights, 0])), /weights/)
})

test("weights are read as they were packed, signs and fractions too", () => {
  const text = Buffer.from(Float32Array.of(0, -1.5, 3e-8, 65504).buffer).toString("base64")
  assert.deepEqual(unpackedWeights(text), Float32Array.of(0, -1.5, 3e-8, 65504))
})
