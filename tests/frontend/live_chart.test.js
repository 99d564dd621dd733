/** The axis of a loss, and what is drawn of a run that diverged. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const browser = { window: { matchMedia: () => ({ matches: false }) } }
const files = ["widgets/shared/plotly_chart.js", "widgets/live_chart/live_chart.js"]
const { lossAxis, drawn } = load(files, ["lossAxis", "drawn"], browser)

test("the axis is logarithmic only for a loss that has exploded", () => {
  assert.deepEqual(lossAxis(0), {})
  assert.deepEqual(lossAxis(8), {})
  assert.equal(lossAxis(1e7).type, "log")
})

test("a loss that is no number is left out, those before it are drawn", () => {
  const epoch = { loss: [], val_loss: [] }
  assert.deepEqual(drawn({ batch: { loss: [438, 1e7, null] }, epoch }), [438, 1e7])
  assert.deepEqual(drawn({ batch: { loss: [null] }, epoch }), [])
})
