/** What a finger draws: which epochs and values, to its last point. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const { newStroke, valueAt, legendOf, complete } = load(["widgets/guess_curve/guess_curve.js"], ["newStroke", "valueAt", "legendOf", "complete"])

/** Draws with events `{epoch, value}` and returns what was set and what was sent, in order. */
function draw(epochs, ...events) {
  const values = Array(epochs).fill(null)
  const sent = []
  const stroke = newStroke(
    ({ epoch, value }) => [epoch, value],
    (i, value) => {
      values[i] = value
    },
    () => sent.push([...values]),
  )
  const did = events.map(({ kind, pointerId = 1, ...event }) => stroke[kind]({ pointerId, ...event }))
  return { values, sent, did }
}

test("the point where the finger lifts is sent, and what it skipped since the last move", () => {
  const { sent } = draw(5, { kind: "down", epoch: 0, value: 10 }, { kind: "move", epoch: 2, value: 30 }, { kind: "up", epoch: 4, value: 50 })
  assert.deepEqual(sent, [[10, 20, 30, 40, 50]])
})

test("a quick finger from right to left leaves no hole either", () => {
  const { sent } = draw(4, { kind: "down", epoch: 3, value: 0 }, { kind: "up", epoch: 0, value: 3 })
  assert.deepEqual(sent, [[3, 2, 1, 0]])
})

test("a pointer that the browser takes away sends what was drawn, and not where it went", () => {
  const { sent } = draw(3, { kind: "down", epoch: 0, value: 1 }, { kind: "move", epoch: 2, value: 3 }, { kind: "cancel", epoch: 0, value: 99 })
  assert.deepEqual(sent, [[1, 2, 3]])
})

test("what follows the end of a stroke sends nothing more", () => {
  const { sent, did } = draw(2, { kind: "down", epoch: 0, value: 1 }, { kind: "up", epoch: 1, value: 1 }, { kind: "cancel" }, { kind: "move", epoch: 0, value: 9 })
  assert.deepEqual(sent, [[1, 1]])
  assert.deepEqual(did, [true, true, false, false])
})

test("a second finger and a mouse that only passes draw nothing", () => {
  const second = { pointerId: 2, epoch: 1, value: 99 }
  const { values, sent } = draw(
    2,
    { kind: "move", epoch: 1, value: 99 },
    { kind: "down", epoch: 0, value: 1 },
    { kind: "down", ...second },
    { kind: "move", ...second },
    { kind: "up", ...second },
  )
  assert.deepEqual([values, sent], [[1, null], []])
})

test("a point of the screen is the epoch next to it and a value of the range, whatever the width", () => {
  const data = { epochs: 10, low: 0, high: 100 }
  for (const width of [330, 640]) {
    const box = { left: 20, top: 100, width, height: 260 }
    const [left, right] = [20 + 52, 20 + width - 14]
    assert.deepEqual(valueAt({ clientX: left, clientY: 112 }, box, data), [0, 100])
    assert.deepEqual(valueAt({ clientX: right, clientY: 100 + 260 - 34 }, box, data), [9, 0])
    assert.deepEqual(valueAt({ clientX: right + 500, clientY: -900 }, box, data), [9, 100])
    assert.deepEqual(valueAt({ clientX: -500, clientY: 9999 }, box, data), [0, 0])
  }
  assert.equal(valueAt({ clientX: 200, clientY: 200 }, { left: 0, top: 0, width: 330, height: 260 }, { ...data, epochs: 1 })[0], 0)
})

test("what a finger covers at either end is filled, and no more", () => {
  const filled = (values, few) => {
    complete(values, few)
    return values
  }
  assert.deepEqual(filled([null, 5, 7, null, null], 2.4), [5, 5, 7, 7, 7])
  assert.deepEqual(filled([null, 5, 7, null, null], 1), [5, 5, 7, null, null])
  assert.deepEqual(filled([1, null, 3], 9), [1, null, 3])
  assert.deepEqual(filled([null, null], 9), [null, null])
})

test("the legend says which epochs are missing", () => {
  const data = { drawn: null, found: [] }
  assert.match(legendOf([null, null], data), /^Draw from the first/)
  assert.equal(legendOf([1, null, null], data), "Not drawn yet: epochs 2 to 3.")
  assert.equal(legendOf([null, 1, null, null, null, 2, null], data), "Not drawn yet: epochs 1, 3 to 5, 7.")
  assert.equal(legendOf([1, 2, null], data), "Not drawn yet: epoch 3.")
  assert.doesNotMatch(legendOf([1, 2], data), /Not drawn/)
})
