/**
 * Lays a network open: every layer is a node with what it made of a picture, and every value in it can be taken apart
 * into the numbers that it was made from. Needs engine.js before it. Nothing here draws.
 */

/**
 * A layer at work. Inputs are places of other nodes in the list; the first node is the picture itself.
 * @typedef {{kind: string, title: string, parameters: number, shape: number[], inputs: number[], depth: number,
 *   layer: Layer, stage: Stage}} LaidNode
 * A place in what a node made. In a vector, row and column are 0 and the channel is the unit.
 * @typedef {{row: number, column: number, channel: number}} Place
 * Channels that are switched off, by the number of the node.
 * @typedef {Map<number, Set<number>>} Off
 */

const ADDED = "add" // the kind of the node at the end of a residual block

/**
 * Returns the nodes of one network. Those of a residual block come before the sum that ends it.
 * @param {Plan} plan
 * @param {Float32Array} weights of all layers, in their order
 * @returns {LaidNode[]}
 */
function laidOpen(plan, weights) {
  let used = 0
  const take = (count) => {
    used += count
    return weights.subarray(used - count, used)
  }
  /** @type {LaidNode[]} */
  const nodes = []
  const add = (kind, layer, stage, inputs, depth) => {
    const { title = "", parameters = 0 } = layer
    nodes.push({ kind, title, parameters, shape: stage.shape, inputs, depth, layer, stage })
    return nodes.length - 1
  }
  const lay = (layers, from, depth) => {
    let last = from
    for (const layer of layers) {
      const { shape } = nodes[last]
      if (layer.kind === "residual") {
        const branch = lay(layer.layers, last, depth + 1)
        last = add(ADDED, layer, { shape, run: null }, [last, branch], depth)
      } else {
        last = add(layer.kind, layer, KINDS[layer.kind](layer, shape, take), [last], depth)
      }
    }
    return last
  }
  add("pixels", { kind: "pixels", title: "Pixels" }, { shape: plan.shape, run: null }, [], 0)
  lay(plan.layers, 0, 0)
  if (used !== weights.length) throw new Error(`${weights.length} weights, but ${used} are used`)
  return nodes
}

/**
 * Returns what every node makes of an image.
 * @param {LaidNode[]} nodes
 * @param {Float32Array} image levels of 0 to 255, times the plan's scale
 * @param {Off} [off] what is zero, whatever the layer makes of it
 * @param {Float32Array[]} [known] values of before, which hold for all nodes before `from`
 * @param {number} [from]
 * @returns {Float32Array[]} by node
 */
function traced(nodes, image, off = new Map(), known = [], from = 0) {
  const values = known.slice(0, from)
  for (let id = from; id < nodes.length; id++) {
    const { inputs, stage, shape } = nodes[id]
    let made = image
    if (inputs.length === 2) made = values[inputs[0]].map((value, i) => value + values[inputs[1]][i])
    else if (inputs.length === 1) made = stage.run(values[inputs[0]])
    const dark = off.get(id)
    if (dark?.size) {
      const channels = shape.at(-1)
      made = made.map((value, i) => (dark.has(i % channels) ? 0 : value))
    }
    values.push(made)
  }
  return values
}

/** Returns where a place's value is in what a node made. @param {number[]} shape @param {Place} place */
function indexAt(shape, { row, column, channel }) {
  return shape.length === 1 ? channel : (row * shape[1] + column) * shape[2] + channel
}

/** Returns the place of a value, the other way round. @param {number[]} shape @returns {Place} */
function placeAt(shape, index) {
  if (shape.length === 1) return { row: 0, column: 0, channel: index }
  const spot = Math.floor(index / shape[2])
  return { row: Math.floor(spot / shape[1]), column: spot % shape[1], channel: index % shape[2] }
}

/** Returns the values of one channel, row by row. @param {Float32Array} values @param {number[]} shape */
function channelOf(values, shape, channel) {
  if (shape.length === 1) return values.subarray(channel, channel + 1)
  return Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => values[i * shape[2] + channel])
}

/** Returns how strongly each channel reacts: the mean distance of its values from zero. */
function strengthsOf(values, shape) {
  const channels = shape.at(-1)
  const sums = new Float64Array(channels)
  for (let i = 0; i < values.length; i++) sums[i % channels] += Math.abs(values[i])
  return sums.map((sum) => (sum * channels) / values.length)
}

/** Returns channels, those that react most first. */
function strongestFirst(values, shape) {
  const strengths = strengthsOf(values, shape)
  return [...strengths.keys()].sort((a, b) => strengths[b] - strengths[a] || a - b)
}

/** Returns the place of a channel's strongest value, above or below zero. @returns {Place} */
function peakOf(values, shape, channel) {
  const own = channelOf(values, shape, channel)
  let best = 0
  for (let i = 1; i < own.length; i++) if (Math.abs(own[i]) > Math.abs(own[best])) best = i
  return { ...placeAt(shape, shape.length === 1 ? channel : best * shape[2]), channel }
}

/** Returns the window of the input that a place of a convolution or a pooling looks at; it may reach beyond. */
function windowAt({ kind, layer, stage }, { row, column }) {
  if (kind === "conv") {
    const { stride, kernel } = layer
    return { top: row * stride - stage.above, left: column * stride - stage.left, size: kernel }
  }
  return { top: row * layer.size, left: column * layer.size, size: layer.size }
}

/**
 * Takes a value apart.
 * @param {LaidNode[]} nodes
 * @param {Float32Array[]} values of `traced`, nothing switched off in this node
 * @param {number} id of the node
 * @param {Place} place
 * @returns {any} {kind, value} and what that kind of layer makes its value from
 */
function explained(nodes, values, id, place) {
  const node = nodes[id]
  const value = values[id][indexAt(node.shape, place)]
  const parts = PARTS[node.kind](node, place, (number) => ({
    values: values[node.inputs[number]],
    shape: nodes[node.inputs[number]].shape,
  }))
  return { kind: node.kind, value, ...parts }
}

/** For each kind of node: from the node, a place and its inputs to the numbers that the value there is made from. */
const PARTS = {
  pixels: () => ({}),

  conv({ layer, stage, shape }, place, input) {
    const { kernel, activation } = layer
    const { values, shape: from } = input(0)
    const window = windowAt({ kind: "conv", layer, stage }, place)
    const channels = Array.from({ length: from[2] }, (_, channel) => {
      const patch = [] // null beyond the edge, which counts as zero
      const weights = []
      let sum = 0
      for (let down = 0; down < kernel; down++) {
        for (let across = 0; across < kernel; across++) {
          const [row, column] = [window.top + down, window.left + across]
          const inside = row >= 0 && row < from[0] && column >= 0 && column < from[1]
          const level = inside ? values[indexAt(from, { row, column, channel })] : null
          const weight = stage.weights[((down * kernel + across) * from[2] + channel) * shape[2] + place.channel]
          patch.push(level)
          weights.push(weight)
          sum += (level ?? 0) * weight
        }
      }
      return { channel, patch, weights, sum }
    })
    const bias = layer.bias ? stage.offsets[place.channel] : null
    const sum = channels.reduce((total, each) => total + each.sum, 0) + (bias ?? 0)
    return { window, channels, bias, sum, activation }
  },

  dense({ layer, stage, shape }, { channel }, input) {
    const { values } = input(0)
    const units = shape[0]
    const products = Array.from(values, (level, unit) => {
      const weight = stage.weights[unit * units + channel]
      return { unit, level, weight, product: level * weight }
    })
    const bias = stage.offsets[channel]
    const sum = products.reduce((total, each) => total + each.product, bias)
    const all = layer.activation === "softmax" ? sumsOf(values, stage) : null
    return { products, bias, sum, activation: layer.activation, ...(all && softened(all)) }
  },

  norm({ stage }, place, input) {
    const { values, shape } = input(0)
    const { channel } = place
    const [level, mean, variance] = [values[indexAt(shape, place)], stage.mean[channel], stage.variance[channel]]
    return { level, mean, variance, gamma: stage.gamma[channel], beta: stage.beta[channel], epsilon: EPSILON }
  },

  activation({ layer }, place, input) {
    const { values, shape } = input(0)
    const { activation } = layer
    return { level: values[indexAt(shape, place)], activation, ...(activation === "softmax" && softened(values)) }
  },

  pool(node, place, input) {
    const { values, shape } = input(0)
    const window = windowAt(node, place)
    const levels = []
    for (let row = window.top; row < window.top + window.size; row++) {
      for (let column = window.left; column < window.left + window.size; column++) {
        levels.push(values[indexAt(shape, { row, column, channel: place.channel })])
      }
    }
    return { window, levels, largest: levels.indexOf(Math.max(...levels)) }
  },

  average(_, { channel }, input) {
    const { values, shape } = input(0)
    const levels = [...channelOf(values, shape, channel)]
    return { levels, sum: levels.reduce((a, b) => a + b, 0) }
  },

  flatten: (_, { channel }, input) => ({ from: placeAt(input(0).shape, channel) }),

  dropout: () => ({}),

  [ADDED](_, place, input) {
    const [into, branch] = [input(0), input(1)].map(({ values, shape }) => values[indexAt(shape, place)])
    return { into, branch }
  },
}

/** Returns the sums of all units of a dense layer, before its activation. */
function sumsOf(values, { weights, offsets }) {
  const sums = Float64Array.from(offsets)
  for (let i = 0; i < values.length; i++) {
    for (let unit = 0; unit < sums.length; unit++) sums[unit] += values[i] * weights[i * sums.length + unit]
  }
  return sums
}

/** Returns what softmax makes of sums: e to the power of each, less the largest, and their total. */
function softened(sums) {
  const most = sums.reduce((a, b) => Math.max(a, b), -Infinity)
  const powers = Array.from(sums, (sum) => Math.exp(sum - most))
  return { sums: [...sums], most, powers, total: powers.reduce((a, b) => a + b, 0) }
}

/**
 * Returns the part of the picture that a place can depend on: its receptive field.
 * @param {LaidNode[]} nodes
 * @returns {{top: number, left: number, bottom: number, right: number}} the last row and column are in it
 */
function fieldOf(nodes, id, place) {
  const [height, width] = nodes[0].shape
  const spot = { top: place.row, left: place.column, bottom: place.row, right: place.column }
  const back = (at, { top, left, bottom, right }) => {
    const { kind, inputs, shape, layer, stage } = nodes[at]
    if (kind === "pixels") return { top, left, bottom, right }
    const before = nodes[inputs[0]].shape
    if (kind === "flatten") return back(inputs[0], at === id ? boxOf(placeAt(before, place.channel)) : wholeOf(before))
    if (kind === "dense" || kind === "average") return back(inputs[0], wholeOf(before))
    if (kind === ADDED) {
      const [one, other] = inputs.map((each) => back(each, { top, left, bottom, right }))
      return {
        top: Math.min(one.top, other.top),
        left: Math.min(one.left, other.left),
        bottom: Math.max(one.bottom, other.bottom),
        right: Math.max(one.right, other.right),
      }
    }
    if (kind !== "conv" && kind !== "pool") return back(inputs[0], shape.length === 1 ? wholeOf(before) : { top, left, bottom, right })
    const first = windowAt({ kind, layer, stage }, { row: top, column: left })
    const last = windowAt({ kind, layer, stage }, { row: bottom, column: right })
    return back(inputs[0], {
      top: Math.max(0, first.top),
      left: Math.max(0, first.left),
      bottom: Math.min(before[0], last.top + last.size) - 1,
      right: Math.min(before[1], last.left + last.size) - 1,
    })
  }
  const field = back(id, spot)
  return { ...field, bottom: Math.min(field.bottom, height - 1), right: Math.min(field.right, width - 1) }
}

const boxOf = ({ row, column }) => ({ top: row, left: column, bottom: row, right: column })
const wholeOf = (shape) =>
  shape.length === 1 ? boxOf({ row: 0, column: 0 }) : { top: 0, left: 0, bottom: shape[0] - 1, right: shape[1] - 1 }

/**
 * Returns a few lines of Python that compute a value anew from the numbers that made it, each with all its digits.
 * Python counts in 64 bits where the page has 32, so the last digits of the result may differ.
 * @param {any} parts of `explained`
 */
function inPython(parts) {
  const array = (numbers) => `np.array([${Array.from(numbers, (each) => each ?? 0).join(", ")}])`
  const lines = { relu: "value = max(total, 0)", linear: "value = total" }
  const { kind, value } = parts
  const body = {
    pixels: () => [`value = ${value}`],
    conv: () => [
      `patch = ${array(parts.channels.flatMap((each) => each.patch))}  # channel by channel, row by row`,
      `kernel = ${array(parts.channels.flatMap((each) => each.weights))}`,
      `total = (patch * kernel).sum() + ${parts.bias ?? 0}`,
      lines[parts.activation],
    ],
    dense: () => [
      `inputs = ${array(parts.products.map((each) => each.level))}`,
      `weights = ${array(parts.products.map((each) => each.weight))}`,
      `total = (inputs * weights).sum() + ${parts.bias}`,
      ...(parts.activation === "softmax"
        ? [`totals = ${array(parts.sums)}`, "value = np.exp(total) / np.exp(totals).sum()"]
        : [lines[parts.activation]]),
    ],
    norm: () => [
      `value = (${parts.level} - ${parts.mean}) / np.sqrt(${parts.variance} + ${parts.epsilon}) * ${parts.gamma} + ${parts.beta}`,
    ],
    activation: () =>
      parts.activation === "softmax"
        ? [`totals = ${array(parts.sums)}`, `value = np.exp(${parts.level}) / np.exp(totals).sum()`]
        : [`total = ${parts.level}`, lines[parts.activation]],
    pool: () => [`value = max(${parts.levels.join(", ")})`],
    average: () => [`value = ${array(parts.levels)}.mean()`],
    flatten: () => [`value = ${value}`],
    dropout: () => [`value = ${value}`],
    [ADDED]: () => [`value = ${parts.into} + ${parts.branch}`],
  }[kind]()
  return ["import numpy as np", "", ...body, `print(value)  # ${value} on the page`, ""].join("\n")
}
