/** The arithmetic of the matrices: contrast, and what each cell says. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const { contrast } = load(["widgets/shared/matrix.js"], ["contrast"])
const { cellsOf } = load(["widgets/confusion_grid/confusion_grid.js"], ["cellsOf"])
const paint = (strength, good) => ({ strength, good })
const counts = [
  [90, 10],
  [0, 50],
]
const given = { classes: ["Coat", "Bag"], counts, other: null, order: [0, 1] }

test("contrast is WCAG's: 21 for black on white, 1 for a colour on itself, the same both ways", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21)
  assert.equal(contrast([12, 200, 99], [12, 200, 99]), 1)
  assert.equal(contrast([0, 0, 0], [119, 119, 119]), contrast([119, 119, 119], [0, 0, 0]))
  assert.ok(Math.abs(contrast([118, 118, 118], [255, 255, 255]) - 4.54) < 0.01) // WCAG's own example
})

test("a cell says how many images it has, and nothing is a dot", () => {
  const cells = cellsOf({ ...given, numbers: "counts" }, paint)
  assert.deepEqual(cells.map((cell) => cell.text), ["90", "10", "·", "50"])
  assert.match(cells[1].label, /^True Coat, predicted Bag: 10 images/)
})

test("shares by row and by column divide by other totals", () => {
  const texts = (numbers) => cellsOf({ ...given, numbers }, paint).map((cell) => cell.text)
  assert.deepEqual(texts("rows").map(parseFloat), [90, 10, Number.NaN, 100])
  assert.equal(Math.round(parseFloat(texts("columns")[1])), 17) // 10 of the 60 answered Bag
})

test("of two networks more hits are good, and more mistakes are bad", () => {
  const other = [
    [95, 5],
    [3, 47],
  ]
  const cells = cellsOf({ ...given, other, numbers: "difference" }, paint)
  assert.deepEqual(cells.map((cell) => cell.good), [true, true, false, false])
  assert.equal(Math.max(...cells.map((cell) => cell.strength)), 1)
})

test("rows and columns follow the order that is asked for", () => {
  const cells = cellsOf({ ...given, order: [1, 0], numbers: "counts" }, paint)
  assert.deepEqual(cells.map((cell) => [cell.row, cell.col]), [[1, 1], [1, 0], [0, 1], [0, 0]])
})
