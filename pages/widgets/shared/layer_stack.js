/**
 * The arithmetic of a stack of layers, as core/architectures/{stack,layers,survey}.py have it: its text, and what each
 * layer makes of an image. A file of cases that Python wrote holds the two together.
 *
 * A stack is a flat list: a residual block is a layer of kind "r", what is in it, and one of kind "e".
 * @typedef {{kind: string, filters?: number, kernel?: number, stride?: number, pad?: boolean, relu?: boolean,
 *   bias?: boolean, size?: number, momentum?: number, rate?: number, units?: number, softmax?: boolean}} StackLayer
 * @typedef {{shape: number[] | null, parameters: number, multiplications: number, activations: number,
 *   field: number[] | null, fault: string}} StackStep
 */

const STACK = "stack1:"
const CONVOLUTION = /^c(\d+)(?:k(\d+))?(?:s(\d+))?(v?)(l?)(n?)$/

/** Returns the layers of a text that the server has read before. @param {string} text @returns {StackLayer[]} */
function readStack(text) {
  const body = text.slice(STACK.length)
  return (body ? body.split(".") : []).map((token) => {
    const [kind, number] = [token[0], Number.parseInt(token.slice(1), 10)]
    switch (kind) {
      case "c": {
        const [, filters, kernel = 3, stride = 1, bare, linear, free] = CONVOLUTION.exec(token)
        return { kind, filters: +filters, kernel: +kernel, stride: +stride, pad: !bare, relu: !linear, bias: !free }
      }
      case "p":
        return { kind, size: number }
      case "b":
        return { kind, momentum: number || 99 }
      case "d":
        return { kind, rate: number }
      case "u":
        return { kind, units: number, relu: !token.endsWith("l") }
    }
    return { kind }
  })
}

/** Returns the text of layers. @param {StackLayer[]} layers */
function writeStack(layers) {
  return STACK + layers.map(layerToken).join(".")
}

/** @param {StackLayer} layer */
function layerToken({ kind, filters, kernel, stride, pad, relu, bias, size, momentum, rate, units }) {
  switch (kind) {
    case "c":
      return `c${filters}${kernel === 3 ? "" : `k${kernel}`}${stride === 1 ? "" : `s${stride}`}${pad ? "" : "v"}${relu ? "" : "l"}${bias ? "" : "n"}`
    case "p":
      return `p${size}`
    case "b":
      return momentum === 99 ? "b" : `b${momentum}`
    case "d":
      return `d${rate}`
    case "u":
      return `u${units}${relu ? "" : "l"}`
  }
  return kind
}

const amount = (number) => number.toLocaleString("en-US")
const shapeWords = (shape) => shape.map(amount).join(" × ")
const product = (numbers) => numbers.reduce((a, b) => a * b, 1)

/** Returns the shape that leaves a layer. @param {StackLayer} layer @param {number[]} shape @returns {number[]} */
function shapeAfter(layer, shape) {
  switch (layer.kind) {
    case "c": {
      const lost = layer.pad ? 0 : layer.kernel - 1
      return [...shape.slice(0, 2).map((side) => Math.ceil((side - lost) / layer.stride)), layer.filters]
    }
    case "p":
      return [...shape.slice(0, 2).map((side) => Math.floor(side / layer.size)), shape[2]]
    case "f":
      return [product(shape)]
    case "g":
      return [shape[2]]
    case "u":
      return [layer.units]
  }
  return shape
}

/** Returns [parameters, multiplications]. @param {StackLayer} layer @param {number[]} shape that comes in */
function layerCosts(layer, shape) {
  if (layer.kind === "c") {
    const weights = layer.kernel ** 2 * shape[2] * layer.filters
    const [height, width] = shapeAfter(layer, shape)
    return [weights + (layer.bias ? layer.filters : 0), height * width * weights]
  }
  if (layer.kind === "u") return [shape[0] * layer.units + layer.units, shape[0] * layer.units]
  return [layer.kind === "b" ? 4 * shape.at(-1) : 0, 0]
}

/** Returns why a layer cannot take a shape, and what to do; "" if it can. @param {StackLayer} layer @param {number[]} shape */
function layerFault(layer, shape) {
  const image = shape.length > 1
  const what = { c: "A convolution", p: "Max pooling", g: "Global average pooling" }[layer.kind]
  if (what && !image) {
    return `${what} works on images, but only a list of ${amount(shape[0])} numbers is left. Move it before Flatten or Global average pooling.`
  }
  if (layer.kind === "u" && image) {
    const which = layer.softmax ? "The answer" : "A dense layer"
    return `${which} is worked out from a list of numbers, but ${shapeWords(shape)} come in. Put Flatten or Global average pooling before it.`
  }
  const size = layer.kind === "p" ? layer.size : layer.kind === "c" && !layer.pad ? layer.kernel : 0
  if (Math.min(...shape.slice(0, 2)) >= size || !size) return ""
  const [height, width] = shape
  const left = `${height} × ${width} ${height * width === 1 ? "pixel is" : "pixels are"} left, and the ${layer.kind === "p" ? "window" : "kernel"} is ${size} × ${size}. Remove a pooling or a stride before it,`
  return layer.kind === "p" ? `${left} or choose a smaller window.` : `${left} choose a smaller kernel, or pad.`
}

/** Returns what is wrong with the sum at the end of a block, or "". */
function sumFault(before, after, empty) {
  if (empty) return "The block is empty. Put a layer into it, or remove the block."
  if (before.length === after.length && before.every((side, i) => side === after[i])) return ""
  return `The block makes ${shapeWords(after)} of ${shapeWords(before)}, and what is added up needs one shape. End it with as many filters or units as come in, and use padding, but no stride and no pooling inside.`
}

/** Returns what is wrong with the size of a network, or "". */
function sizeFault(parameters, multiplications, limits) {
  if (parameters > limits.parameters) {
    return `With this layer the network has ${amount(parameters)} parameters, and at most ${amount(limits.parameters)} are allowed. Use fewer filters or units, or shrink the image before it by a pooling or a stride.`
  }
  if (multiplications > limits.multiplications) {
    return `With this layer the network does ${amount(multiplications)} multiplications for each image, and at most ${amount(limits.multiplications)} are allowed. Use fewer filters, a smaller kernel, or shrink the image before it by a pooling or a stride.`
  }
  return ""
}

/**
 * Follows an image through a stack and its answer, as far as it goes.
 * @param {StackLayer[]} layers
 * @param {number[]} shape of an image
 * @param {number} classes
 * @param {{parameters: number, multiplications: number}} limits
 * @returns {StackStep[]} one a layer of the flat list, and the answer's
 */
function surveyStack(layers, shape, classes, limits) {
  /** @type {StackLayer[]} */
  const network = [...layers, { kind: "u", units: classes, softmax: true }]
  const steps = network.map(() => ({ shape: null, parameters: 0, multiplications: 0, activations: 0, field: null, fault: "" }))
  const total = [0, 0]
  let [now, field, jump] = [shape, [1, 1], 1]
  let block = null // the step of the block that one is in, the shape before it, how many layers it has
  for (const [i, layer] of network.entries()) {
    const step = steps[i]
    if (layer.kind === "r") {
      block = { step, before: now, count: 0 }
      continue
    }
    if (layer.kind === "e") {
      const fault = sumFault(block.before, now, !block.count)
      const large = fault || sizeFault(total[0] + block.step.parameters, total[1] + block.step.multiplications, limits)
      if (large) return broken(steps, block.step, large)
      Object.assign(block.step, { shape: now, field })
      Object.assign(step, { shape: now, field })
      block.step.activations += product(now)
      total[0] += block.step.parameters
      total[1] += block.step.multiplications
      block = null
      continue
    }
    const fault = layerFault(layer, now)
    if (fault) return broken(steps, step, fault, block?.step)
    const [parameters, multiplications] = layerCosts(layer, now)
    now = shapeAfter(layer, now)
    if (["f", "g", "u"].includes(layer.kind)) field = shape.slice(0, 2)
    else if (layer.kind === "c" || layer.kind === "p") {
      const size = layer.kind === "c" ? layer.kernel : layer.size
      field = field.map((side, k) => Math.min(shape[k], side + (size - 1) * jump))
      jump *= layer.kind === "c" ? layer.stride : layer.size
    }
    Object.assign(step, { shape: now, parameters, multiplications, activations: product(now), field })
    if (block) {
      for (const name of ["parameters", "multiplications", "activations"]) block.step[name] += step[name]
      block.count++
      continue
    }
    total[0] += parameters
    total[1] += multiplications
    const large = sizeFault(total[0], total[1], limits)
    if (large) return broken(steps, step, large)
  }
  return steps
}

/** Marks a step as the one that fails; what it, or the block that it is in, would have is not known. */
function broken(steps, step, fault, block = null) {
  for (const each of [step, block]) {
    if (each) Object.assign(each, { shape: null, parameters: 0, multiplications: 0, activations: 0, field: null })
  }
  step.fault = fault
  return steps
}

/** Returns seconds as estimates are told: "about 15 s". @param {number} seconds */
function aboutSeconds(seconds) {
  if (seconds < 9.5) return `about ${Math.max(1, Math.round(seconds))} s`
  if (seconds < 57.5) return `about ${5 * Math.round(seconds / 5)} s`
  if (seconds < 90 * 60) return `about ${Math.max(1, Math.round(seconds / 60))} min`
  return `about ${Math.round(seconds / 1800) / 2} h`
}

/** Returns a number as people say it: 853, 12.3 thousand, 4.5 million. @param {number} number */
function roundly(number) {
  if (number < 10_000) return amount(number)
  const [size, unit] = number < 999_500 ? [1e3, "k"] : [1e6, "M"]
  return `${amount(+(number / size).toPrecision(3))} ${unit}`
}

/** Returns how many entries of the list belong to one: all of a block, to its end. @param {StackLayer[]} layers */
function unitLength(layers, i) {
  if (layers[i].kind !== "r") return 1
  return layers.findIndex((layer, k) => k > i && layer.kind === "e") - i + 1
}

/** Tells whether what is put in before entry `i` would be inside of a block. @param {StackLayer[]} layers */
function insideBlock(layers, i) {
  const before = layers.slice(0, i)
  return before.filter(({ kind }) => kind === "r").length > before.filter(({ kind }) => kind === "e").length
}

/**
 * Returns the list with an entry, of a block all of it, elsewhere. A block is never put into another one.
 * @template {StackLayer} T
 * @param {T[]} layers
 * @param {number} from
 * @param {number} to before which entry of the list without it
 */
function moveLayer(layers, from, to) {
  const count = unitLength(layers, from)
  const unit = layers.slice(from, from + count)
  const rest = [...layers.slice(0, from), ...layers.slice(from + count)]
  let place = Math.min(Math.max(to, 0), rest.length)
  if (unit[0].kind === "r") while (insideBlock(rest, place)) place += to > from ? 1 : -1
  return [...rest.slice(0, place), ...unit, ...rest.slice(place)]
}

/** Returns the list without an entry, of a block all of it. @template {StackLayer} T @param {T[]} layers */
function withoutLayer(layers, i) {
  return [...layers.slice(0, i), ...layers.slice(i + unitLength(layers, i))]
}

/** Returns the number of each entry as people count: 3, or 3.1 inside of the third, a block. @param {StackLayer[]} layers */
function layerNumbers(layers) {
  let [outer, inner] = [0, null]
  return layers.map(({ kind }) => {
    if (kind === "e") {
      inner = null
      return ""
    }
    if (inner !== null) return `${outer}.${++inner}`
    outer++
    if (kind === "r") inner = 0
    return String(outer)
  })
}
