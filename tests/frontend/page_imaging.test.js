/** The arithmetic of the web page's preparation, where Python, Pillow and OpenCV do it their own way. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const { ellipse, halfEven, nearest, percentile, prepared, resized, small, windowSum } = load(
  ["../core/export/page/imaging.js", "../core/export/page/salience.js"],
  ["ellipse", "halfEven", "nearest", "percentile", "prepared", "resized", "small", "windowSum"],
)
const picture = (width, height, levelOf) => {
  const values = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const place = Math.floor(i / 3)
    return levelOf(place % width, Math.floor(place / width))
  })
  return { width, height, channels: 3, values }
}
const FASHION = { height: 28, width: 28, channels: 1, light: false }

test("halves are rounded to the even neighbour", () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.51, -0.5].map(halfEven), [0, 2, 2, 3, 0])
})

test("a percentile lies between two values", () => {
  assert.equal(percentile([4, 1, 3, 2], 50), 2.5)
  assert.equal(percentile([7], 90), 7)
})

test("an ellipse of three is a cross, one of two an L", () => {
  assert.deepEqual(ellipse(3), [[-1, 0], [0, -1], [0, 0], [0, 1], [1, 0]])
  assert.deepEqual(ellipse(2), [[-1, 0], [0, -1], [0, 0]])
})

test("a window counts what is inside of the picture only", () => {
  const mask = { width: 3, height: 2, channels: 1, values: Uint8Array.of(1, 1, 1, 1, 1, 1) }
  assert.deepEqual([...windowSum(mask, 3)], [4, 6, 4, 4, 6, 4])
})

test("a box is the mean, rounded, and what grows is repeated", () => {
  const grey = { width: 4, height: 1, channels: 1, values: Uint8Array.of(0, 1, 255, 254) }
  assert.deepEqual([...resized(grey, 2, 1).values], [1, 255])
  assert.deepEqual([...resized(grey, 8, 1).values], [0, 0, 1, 1, 255, 255, 254, 254])
  assert.deepEqual([...nearest(grey, 2, 1).values], [1, 1])
})

test("a small copy keeps the proportions, and every side has a pixel", () => {
  for (const [width, height, wanted] of [[300, 300, [256, 256]], [1600, 900, [256, 144]], [1500, 2, [256, 1]]]) {
    const copy = small(picture(width, height, () => 9))
    assert.deepEqual([copy.width, copy.height], wanted)
    assert.ok(copy.values.every((level) => level === 9))
  }
})

test("one colour is nothing to recognise", () => {
  assert.equal(prepared(picture(40, 40, (x) => 100 + (x % 8)), FASHION), null)
})

test("pictures of any shape are prepared, on an even and an uneven ground", () => {
  for (const [width, height] of [[1, 1600], [1600, 1], [2, 2], [9, 300], [640, 480]]) {
    for (const ground of [0, 60]) {
      const noise = (x, y) => ((x * 7919 + y * 104729) % 97) * (ground / 97)
      const found = prepared(picture(width, height, (x, y) => (x * 2 < width && y * 2 < height ? 250 : noise(x, y))), FASHION)
      assert.ok(found === null || found.pixels.values.length === 784, `${width} × ${height}`)
    }
  }
})

test("a network that learned from dark on light gets the negative", () => {
  const drawn = picture(60, 60, (x, y) => (Math.abs(x - y) < 4 ? 255 : 0))
  const [dark, light] = [FASHION, { ...FASHION, light: true }].map((frame) => prepared(drawn, frame).pixels.values)
  assert.deepEqual([...light], [...dark].map((level) => 255 - level))
})

test("a colour data set gets the middle", () => {
  const { pixels, kind } = prepared(picture(90, 30, (x) => (x < 30 ? 0 : x < 60 ? 128 : 255)), { height: 4, width: 4, channels: 3 })
  assert.equal(kind, "")
  assert.ok(pixels.values.length === 48 && pixels.values.every((level) => level === 128))
})
