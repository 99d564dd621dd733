/** The arithmetic of the comparison's curves. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const { smoothed, STEPS } = load(["widgets/compare_chart/compare_chart.js"], ["smoothed", "STEPS"])
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`)

test("smoothing leaves a constant as it is, from the first value on", () => {
  for (const value of smoothed([1, 2, 3, 4], [5, 5, 5, 5], 0.9, 4)) near(value, 5)
})

test("the weight is one of a step of the axis, not of a point", () => {
  const weight = 0.5 ** (1 / STEPS) // half after the whole axis
  const [, second] = smoothed([0, 1], [0, 3], weight, 1)
  near(second, 3 / 1.5) // the first value weighs half
})

test("a gap stays a gap and costs the next value nothing", () => {
  const values = smoothed([1, 2, 3], [2, null, 2], 0.6, 3)
  assert.equal(values[1], null)
  near(values[2], 2)
})
