/** What the time machine works out of a record before it draws. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const names = ["read", "answerTo", "latestWith", "firstChosen", "smallText", "epochText", "columnsFor", "between", "percentText", "wholeText"]
const { read, answerTo, latestWith, firstChosen, smallText, epochText, columnsFor, between, percentText, wholeText } = load(
  ["widgets/time_machine/time_machine.js"],
  names,
)
const packed = (Kind, ...values) => Buffer.from(new Kind(values).buffer).toString("base64")

test("a record's packed numbers are read, and its accuracies worked out", () => {
  const spread = { low: -1, high: 1, counts: packed(Uint8Array, ...Array(40).fill(7)) }
  const data = read({
    classes: ["a", "b"],
    labels: packed(Uint16Array, 0, 1, 1),
    moments: [
      {
        epoch: 0.5,
        answers: packed(Uint8Array, 255, 0, 51, 204, 204, 51),
        right: packed(Uint32Array, 3, 0),
        asked: packed(Uint32Array, 4, 0),
        confusion: null,
        kernels: { shape: [1, 1, 2, 1], scale: 0.5, values: packed(Int8Array, -127, 127) },
        places: packed(Int8Array, 0, -127, 127, 0, 1, 1),
        layers: [{ weights: spread, activations: null, gradients: null, change: 0.001, silent: null }],
      },
    ],
  })
  const [moment] = data.moments
  assert.deepEqual([...data.labels], [0, 1, 1])
  assert.deepEqual(moment.byClass, [0.75, null]) // no image of the second class
  assert.equal(moment.accuracy, 0.75)
  assert.equal(moment.images, 4)
  assert.deepEqual([...moment.kernels.values], [-127, 127])
  assert.equal(moment.layers[0].weights.counts.length, 40)
  assert.deepEqual(answerTo(moment, 2, 0, 0), { answer: 0, share: 1, truth: 1 })
  assert.deepEqual(answerTo(moment, 2, 1, 1), { answer: 1, share: 0.8, truth: 0.8 })
  assert.deepEqual(answerTo(moment, 2, 2, 1), { answer: 0, share: 0.8, truth: 0.2 })
})

test("what a hurried record lacks is taken from the latest that has it", () => {
  const moments = [{ map: 1 }, { map: null }, { map: 3 }, { map: null }]
  assert.equal(latestWith(moments, 3, (each) => each.map).map, 3)
  assert.equal(latestWith(moments, 1, (each) => each.map).map, 1)
  assert.equal(latestWith([{ map: null }], 0, (each) => each.map), null)
})

test("the first twelve pictures are of all classes, and there may be fewer", () => {
  const labels = Array.from({ length: 200 }, (_, i) => Math.floor(i / 20))
  const chosen = firstChosen(labels, 10)
  assert.equal(chosen.length, 12)
  assert.equal(new Set(chosen.map((i) => labels[i])).size, 10)
  assert.deepEqual(firstChosen([0, 0, 1], 3), [0, 1, 2])
  assert.deepEqual(firstChosen([], 3), [])
})

test("tiny shares are readable, and epochs are as short as they can be", () => {
  assert.deepEqual([0.5, 0.02, 0.002, 4.2e-6, 0].map(smallText), ["50 %", "2 %", "0.2 %", "0.0004 %", "0 %"])
  assert.deepEqual([0, 1, 12, 0.5, 0.03125].map(epochText), ["0", "1", "12", "0.50", "0.031"])
})

test("what is not all right is not called 100 %", () => {
  assert.deepEqual([1, 0.9996, 0.996, 0.004, 0].map(percentText), ["100 %", "99.96 %", "99.6 %", "0.4 %", "0 %"])
  assert.deepEqual([1, 0.999, 0.5, 0].map(wholeText), ["100 %", "99 %", "50 %", "0 %"])
})

test("kernels fill their rows where that is possible", () => {
  assert.deepEqual([64, 32, 16, 10, 7, 1].map(columnsFor), [8, 8, 4, 5, 4, 1])
})

test("a weight of 0 has the colour of the page", () => {
  assert.deepEqual(between(0, [255, 0, 0], [0, 0, 255], [250, 250, 250]), [250, 250, 250])
  assert.deepEqual(between(-1, [255, 0, 0], [0, 0, 255], [250, 250, 250]), [255, 0, 0])
})
