/** The page Inside: its numbers in words, and which value is under the pointer. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const BROWSER = { location: { href: "https://atelier.example/inside?run=a&with=b&off=1.2&beside=test-3&member=Network+2&order=own" } }
const PARTS = ["telling", "colouring", "frames", "arithmetic", "layers", "panel"].map((part) => `widgets/inside_view/parts/${part}.js`)
const ENGINE = ["../core/networks/browser/engine.js", "../core/networks/browser/program.js"]
const names = "fixed brief precise inPercent counted placeWords placeUnder windowAt laidOpen originOf cutOut meanOverColours countAtFirst shadeOf isSigned canSwitch weighsPicture kernelOf networkOf addressOf listedOf"
const parts = load([...ENGINE, ...PARTS, "widgets/inside_view/inside_view.js"], names.split(" "), { window: BROWSER })

test("numbers have a true minus, and none is less than nothing", () => {
  assert.equal(parts.fixed(-1.5, 2), "−1.50")
  assert.equal(parts.fixed(-0.0001, 3), "0.000")
  assert.deepEqual([0.12345, -12.345, 123.45, 1234.5].map(parts.brief), ["0.123", "−12.35", "123.5", "1235"])
  assert.deepEqual([0.00012345, 0, 0.5, -12.3456].map(parts.precise), ["0.000123", "0.0000", "0.5000", "−12.346"])
  assert.deepEqual([0.99999, 1, 0.1234].map((each) => parts.inPercent(each)), ["over 99.9 %", "100.0 %", "12.3 %"])
  assert.deepEqual([parts.counted(1, "map"), parts.counted(1200, "map")], ["1 map", "1,200 maps"])
})

test("places are called by their map or their unit", () => {
  assert.equal(parts.placeWords([7, 7, 9], { row: 3, column: 4, channel: 8 }), "map 8, row 3, column 4")
  assert.equal(parts.placeWords([9], { row: 0, column: 0, channel: 8 }), "unit 8")
})

const conv = (kernel, stride, same) => ({ kind: "conv", filters: 1, kernel, stride, same, bias: false, activation: "relu" })

test("the value under the pointer is the one whose window has that square in its middle", () => {
  for (const layer of [conv(3, 1, true), conv(3, 1, false), conv(5, 1, true), conv(3, 2, true), conv(3, 2, false), { kind: "pool", size: 2 }]) {
    const weights = new Float32Array(layer.kind === "conv" ? layer.kernel ** 2 : 0)
    const [, node] = parts.laidOpen({ shape: [12, 11, 1], scale: 1, networks: 1, layers: [layer] }, weights)
    const [rows, columns] = node.shape
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const { top, left, size } = parts.windowAt(node, { row, column, channel: 0 })
        const middle = (size - 1) >> 1
        const found = parts.placeUnder(node, top + middle, left + middle, 4)
        assert.deepEqual(found, { row, column, channel: 4 })
      }
    }
    assert.deepEqual(parts.placeUnder(node, 0, 0, 0), { row: 0, column: 0, channel: 0 })
    assert.deepEqual(parts.placeUnder(node, 99, 99, 0), { row: rows - 1, column: columns - 1, channel: 0 })
  }
})

test("an input of a dense layer is traced back through flatten and dropout", () => {
  const layers = [conv(1, 1, true), { kind: "flatten" }, { kind: "dropout" }, { kind: "dense", units: 2, activation: "softmax" }]
  const nodes = parts.laidOpen({ shape: [2, 3, 1], scale: 1, networks: 1, layers }, new Float32Array(1 + 12 + 2))
  assert.deepEqual(parts.originOf(nodes, 3, 4), { id: 1, place: { row: 1, column: 1, channel: 0 }, words: "map 0 (1, 1)" })
  assert.deepEqual(nodes.map((node) => parts.canSwitch(nodes, node)), [false, true, false, false, false])
  assert.equal(parts.weighsPicture(nodes, nodes[4]), false)
})

test("a dense layer right behind the picture is known by it, and its inputs are pixels", () => {
  const layers = [{ kind: "flatten" }, { kind: "dense", units: 2, activation: "softmax" }]
  const nodes = parts.laidOpen({ shape: [2, 2, 3], scale: 1, networks: 1, layers }, new Float32Array(24 + 2))
  assert.equal(parts.weighsPicture(nodes, nodes[2]), true)
  assert.equal(parts.originOf(nodes, 1, 10).words, "pixel 1, 1 green")
})

test("colours: zero is the ground, and the strongest has the last shade", () => {
  const ramps = { above: Array.from({ length: 256 }, (_, i) => [i, 0, 0]), below: Array.from({ length: 256 }, (_, i) => [0, i, 0]) }
  assert.deepEqual(parts.shadeOf(ramps, 0, 5), [0, 0, 0])
  assert.deepEqual(parts.shadeOf(ramps, 5, 5), [255, 0, 0])
  assert.deepEqual(parts.shadeOf(ramps, -9, 5), [0, 255, 0])
  assert.deepEqual(parts.shadeOf(ramps, 0, 0), [0, 0, 0])
  assert.deepEqual([parts.isSigned([0, 1]), parts.isSigned([0, -1])], [false, true])
})

test("parts of pictures are cut out, and colours are taken together", () => {
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => i)
  assert.deepEqual(parts.cutOut(pixels, [3, 4, 1], { top: 1, left: 1, bottom: 2, right: 2 }), [5, 6, 9, 10])
  assert.deepEqual([...parts.meanOverColours([1, 2, 3, 4, 5, 9], [1, 2, 3])], [2, 6])
})

test("a narrow page has two rows of maps with room for the button, a wide one has one", () => {
  assert.equal(parts.countAtFirst(358, true), 9)
  assert.equal(parts.countAtFirst(640, true), 9)
  assert.ok(parts.countAtFirst(358, false) > 15)
})

test("a network is the same with another proof, and another one with another run or number", () => {
  const own = parts.networkOf("/weights/bundled/0/abc")
  assert.equal(parts.networkOf("/weights/bundled/0/def"), own)
  assert.notEqual(parts.networkOf("/weights/bundled/1/abc"), own)
  assert.notEqual(parts.networkOf("/weights/20260101/0/abc"), own)
})

test("an exciting image leads to the network that it excites", () => {
  const asked = (view) => Object.fromEntries(new URL(parts.addressOf(view, "train-7", "1.2.3.4")).searchParams)
  const there = { image: "train-7", at: "1.2.3.4", order: "own" }
  assert.deepEqual(asked({ query: { run: "b" } }), { ...there, run: "b" })
  assert.deepEqual(asked({ query: { run: "b", member: "Network 1" } }), { ...there, run: "b", member: "Network 1" })
  const own = { ...there, run: "a", with: "b", off: "1.2", beside: "test-3", member: "Network 2" }
  for (const view of [{ linked: true }, { twin: true }]) assert.deepEqual(asked({ ...view, query: { run: "a", member: "Network 2" } }), own)
})

test("of many parts the first are listed, and up to six more that never react", () => {
  const order = [3, 1, 0, 2, 4, 5, 6, 7, 8, 9, 10, 11]
  assert.deepEqual(parts.listedOf(order, 3, undefined), [3, 1, 0])
  const reacts = order.map((_, channel) => (channel === 2 || channel === 3 || channel > 4 ? 0 : 0.5))
  assert.deepEqual(parts.listedOf(order, 3, reacts), [3, 1, 0, 2, 5, 6, 7, 8, 9])
})
