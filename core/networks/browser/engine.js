/**
 * Asks a network: the kinds of layers of core/architectures/layers.py in plain JavaScript. Feature maps are flat
 * arrays, row by row, and at each position channel by channel, as in Keras. The web page that is taken home has it,
 * and the page Inside, which lays the layers open (program.js).
 */

const EPSILON = 1e-3 // of batch normalisation in Keras

/**
 * One layer, ready to be asked about one image after the other; with what it has learned, as far as it has.
 * @typedef {{shape: number[], run: (values: Float32Array) => Float32Array, weights?: Float32Array,
 *   offsets?: Float32Array, above?: number, left?: number, gamma?: Float32Array, beta?: Float32Array,
 *   mean?: Float32Array, variance?: Float32Array}} Stage
 * @typedef {(count: number) => Float32Array} Take hands out the next weights
 * @typedef {{kind: string, filters?: number, kernel?: number, stride?: number, same?: boolean, bias?: boolean,
 *   activation?: string, size?: number, units?: number, layers?: Layer[], title?: string, parameters?: number}} Layer
 * @typedef {{shape: number[], scale: number, networks: number, layers: Layer[]}} Plan
 */

/** What each activation does to values, in place. */
const ACTIVATIONS = {
  linear: (values) => values,
  relu: (values) => {
    for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0
    return values
  },
  softmax: (values) => {
    const most = values.reduce((a, b) => Math.max(a, b), -Infinity)
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(values[i] - most)
    for (let i = 0; i < values.length; i++) values[i] /= sum
    return values
  },
}

/**
 * Returns a list of what goes into one place of the result: inputs and where the weights of each begin. Zeros, which
 * half of the inputs are after ReLU, are left out; the others are weighed by fours, which takes half the time.
 * @param {number} most inputs
 */
function inputs(most) {
  const levels = new Float64Array(most)
  const places = new Uint32Array(most)
  let count = 0
  return {
    clear() {
      count = 0
    },
    /** Adds so many inputs; the weights of each are `step` after those of the one before. */
    add(values, from, many, place, step) {
      for (let i = from; i < from + many; i++, place += step) {
        if (values[i] === 0) continue
        levels[count] = values[i]
        places[count++] = place
      }
    },
    /** Adds all inputs, weighted, to the sums. */
    weigh(weights, sums) {
      const width = sums.length
      let k = 0
      for (; k + 3 < count; k += 4) {
        const [a, b, c, d] = [levels[k], levels[k + 1], levels[k + 2], levels[k + 3]]
        const [p, q, r, s] = [places[k], places[k + 1], places[k + 2], places[k + 3]]
        for (let i = 0; i < width; i++) {
          sums[i] += a * weights[p + i] + b * weights[q + i] + c * weights[r + i] + d * weights[s + i]
        }
      }
      for (; k < count; k++) {
        for (let i = 0; i < width; i++) sums[i] += levels[k] * weights[places[k] + i]
      }
    },
  }
}

/** For each kind of layer: from what it is and the shape that comes in to the layer with its weights. */
const KINDS = {
  /** @param {Layer} layer @param {number[]} shape @param {Take} take @returns {Stage} */
  conv({ filters, kernel, stride, same, bias, activation }, [height, width, channels], take) {
    const lost = same ? 0 : kernel - 1
    const rows = Math.ceil((height - lost) / stride)
    const columns = Math.ceil((width - lost) / stride)
    const weights = take(kernel * kernel * channels * filters)
    const offsets = bias ? take(filters) : new Float32Array(filters)
    // Keras puts the odd row or column of padding below and to the right.
    const before = (side, count) => (same ? Math.max(0, (count - 1) * stride + kernel - side) >> 1 : 0)
    const above = before(height, rows)
    const left = before(width, columns)
    const seen = inputs(kernel * kernel * channels)
    const sums = new Float64Array(filters)
    const run = (values) => {
      const result = new Float32Array(rows * columns * filters)
      for (let row = 0, to = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, to += filters) {
          seen.clear()
          for (let down = 0; down < kernel; down++) {
            const y = row * stride + down - above
            if (y < 0 || y >= height) continue
            for (let across = 0; across < kernel; across++) {
              const x = column * stride + across - left
              if (x < 0 || x >= width) continue
              seen.add(values, (y * width + x) * channels, channels, (down * kernel + across) * channels * filters, filters)
            }
          }
          sums.set(offsets)
          seen.weigh(weights, sums)
          result.set(sums, to)
        }
      }
      return ACTIVATIONS[activation](result)
    }
    return { shape: [rows, columns, filters], run, weights, offsets, above, left }
  },

  /** @param {Layer} layer @param {number[]} shape @param {Take} take @returns {Stage} */
  dense({ units, activation }, [features], take) {
    const weights = take(features * units)
    const offsets = take(units)
    const seen = inputs(features)
    const run = (values) => {
      const sums = Float64Array.from(offsets)
      seen.clear()
      seen.add(values, 0, features, 0, units)
      seen.weigh(weights, sums)
      return ACTIVATIONS[activation](Float32Array.from(sums))
    }
    return { shape: [units], run, weights, offsets }
  },

  /** @param {Layer} _ @param {number[]} shape @param {Take} take @returns {Stage} */
  norm(_, shape, take) {
    const channels = shape.at(-1)
    const [gamma, beta, mean, variance] = [0, 0, 0, 0].map(() => take(channels))
    const factor = gamma.map((value, i) => value / Math.sqrt(variance[i] + EPSILON))
    const offset = beta.map((value, i) => value - mean[i] * factor[i])
    const run = (values) => values.map((value, i) => value * factor[i % channels] + offset[i % channels])
    return { shape, run, gamma, beta, mean, variance }
  },

  /** @param {Layer} layer @param {number[]} shape @returns {Stage} */
  pool({ size }, [height, width, channels]) {
    const rows = Math.floor(height / size)
    const columns = Math.floor(width / size)
    const run = (values) => {
      const result = new Float32Array(rows * columns * channels).fill(-Infinity)
      for (let y = 0; y < rows * size; y++) {
        for (let x = 0; x < columns * size; x++) {
          const from = (y * width + x) * channels
          const to = (Math.floor(y / size) * columns + Math.floor(x / size)) * channels
          for (let channel = 0; channel < channels; channel++) {
            if (values[from + channel] > result[to + channel]) result[to + channel] = values[from + channel]
          }
        }
      }
      return result
    }
    return { shape: [rows, columns, channels], run }
  },

  /** @param {Layer} _ @param {number[]} shape @returns {Stage} */
  average(_, [height, width, channels]) {
    const run = (values) => {
      const sums = new Float64Array(channels)
      for (let i = 0; i < values.length; i++) sums[i % channels] += values[i]
      return Float32Array.from(sums, (sum) => sum / (height * width))
    }
    return { shape: [channels], run }
  },

  /** @param {Layer} layer @param {number[]} shape @returns {Stage} */
  activation: ({ activation }, shape) => ({ shape, run: (values) => ACTIVATIONS[activation](values.slice()) }),

  /** @param {Layer} _ @param {number[]} shape @returns {Stage} */
  flatten: (_, shape) => ({ shape: [shape.reduce((a, b) => a * b, 1)], run: (values) => values }),

  /** Only while it trains does it do anything. @param {Layer} _ @param {number[]} shape @returns {Stage} */
  dropout: (_, shape) => ({ shape, run: (values) => values }),

  /** @param {Layer} layer @param {number[]} shape @param {Take} take @returns {Stage} */
  residual({ layers }, shape, take) {
    const inside = stacked(layers, shape, take)
    const run = (values) => inside.run(values).map((value, i) => value + values[i])
    return { shape, run }
  },
}

/**
 * Returns layers one after the other as one.
 * @param {Layer[]} layers
 * @param {number[]} shape that comes in
 * @param {Take} take
 * @returns {Stage}
 */
function stacked(layers, shape, take) {
  const stages = []
  let after = shape
  for (const layer of layers) {
    const stage = KINDS[layer.kind](layer, after, take)
    stages.push(stage)
    after = stage.shape
  }
  return { shape: after, run: (values) => stages.reduce((each, stage) => stage.run(each), values) }
}

/**
 * Returns what answers for an image; several networks answer together, each for the image and its mirror image.
 * @param {Plan} plan
 * @param {Float32Array} weights of all layers, in their order
 * @returns {(pixels: ArrayLike<number>) => Float32Array} from levels of 0 to 255 to the probability of each class
 */
function network(plan, weights) {
  let used = 0
  const take = (count) => {
    used += count
    return weights.subarray(used - count, used)
  }
  const members = Array.from({ length: plan.networks }, () => stacked(plan.layers, plan.shape, take))
  if (used !== weights.length) throw new Error(`${weights.length} weights, but ${used} are used`)
  return (pixels) => {
    const image = Float32Array.from(pixels, (level) => level * plan.scale)
    if (plan.networks === 1) return members[0].run(image)
    const images = [image, mirrorImage(image, plan.shape)]
    const answers = members.flatMap((member) => images.map((each) => member.run(each)))
    return answers[0].map((_, i) => answers.reduce((sum, answer) => sum + answer[i], 0) / answers.length)
  }
}

/**
 * Returns an image with left and right exchanged.
 * @param {Float32Array} values
 * @param {number[]} shape
 */
function mirrorImage(values, [height, width, channels]) {
  const result = new Float32Array(values.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels
      result.set(values.subarray(from, from + channels), (y * width + width - 1 - x) * channels)
    }
  }
  return result
}

/** Returns the numbers of a base64 text: float32, the lowest byte first, as every browser's machine has them. */
function unpackedWeights(text) {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i)
  return new Float32Array(bytes.buffer)
}
