/** The arithmetic of the mask editor. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const { dab, pack, reshaped, unpack } = load(
  ["widgets/mask_editor/mask_editor.js"],
  ["dab", "pack", "reshaped", "unpack"],
)
const near = (found, wanted) =>
  assert.ok(found.every((value, i) => Math.abs(value - wanted[i]) < 1e-9), `${found} is not ${wanted}`)

test("a packed layer is unpacked as it was, whatever its size", () => {
  for (const [width, height] of [[1, 1], [3, 5], [28, 28], [7, 4]]) {
    const layer = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % 3)
    assert.deepEqual(unpack(pack(layer), 2, { width, height }), layer)
  }
})

test("the first value of a mask of single bits is in the highest bit", () => {
  assert.deepEqual([...unpack(btoa("\x81"), 1, { width: 8, height: 1 })], [1, 0, 0, 0, 0, 0, 0, 1])
})

test("a dab paints at least one point, and nothing outside", () => {
  const layer = new Uint8Array(9)
  dab(layer, { width: 3, height: 3 }, 1.5, 1.5, 0.1, 2)
  assert.deepEqual([...layer], [0, 0, 0, 0, 2, 0, 0, 0, 0])
  dab(layer, { width: 3, height: 3 }, -5, -5, 1, 1)
  assert.equal(layer.indexOf(1), -1)
})

test("a crop that is moved stays within the picture and keeps its size", () => {
  near(reshaped([0.2, 0.2, 0.6, 0.7], undefined, [0.9, -0.9]), [0.6, 0, 1, 0.5])
})

test("a corner does not pass the one across", () => {
  const [left, top, right, bottom] = reshaped([0.2, 0.2, 0.6, 0.6], "nw", [0.9, 0.9])
  assert.ok(left < right && top < bottom)
  near([right, bottom], [0.6, 0.6])
})
