/**
 * Finds the object of a photo on an uneven ground: what stands out from the border, by colour and by the barrier on
 * every way from there, and lies near the middle. As core/imaging/photo.py, which explains it; but where that makes a
 * mask by GrabCut, here is a threshold, and k-means begins with colours far apart instead of random ones.
 */

const SIDE = 128 // px; as core/imaging/photo.py, like the constants below
const SALIENCE_SIDE = 96
const LIGHTNESS = 0.5
const RIM = 0.03
const CLUSTERS = 5
const RARE = 0.12
const NEAR = 25
const TIED = 1
const LOOSE = 30
const CENTRE = 0.5

/**
 * Numbers of any size, row by row, and at each place channel by channel.
 * @typedef {{width: number, height: number, channels: number, values: Float64Array}} Plane
 */

/**
 * Returns which pixels of a picture belong to its object.
 * @param {Picture} colour
 * @returns {Picture} a mask
 */
function salient(colour) {
  const less = areaReduced(colour, SIDE)
  const seen = salience(less)
  const level = otsu(seen.values.map((value) => value * 255)) / 255
  const mask = cleaned(maskOf(seen, (i) => seen.values[i] > level))
  const smooth = bilinear({ ...mask, values: Float64Array.from(mask.values) }, colour.width, colour.height)
  return maskOf(colour, (i) => smooth.values[i] > 0.5)
}

/** Returns how much each pixel stands out from the border, 0 to 1. */
function salience(colour) {
  const lab = labOf(softened(areaReduced(colour, SALIENCE_SIDE), [1, 2, 1], true))
  const { width, height } = lab
  const { unlike, begin } = unlikeBorder(lab)
  const barrier = spreadOut(barriers(softened(lab, [1, 4, 6, 4, 1], false), begin))
  const apart = spreadOut(unlike)
  const middle = (place, side) => (2 * place) / Math.max(1, side - 1) - 1
  const whole = barrier.map((value, i) => {
    const [x, y] = [middle(i % width, width), middle(Math.floor(i / width), height)]
    return (value + apart[i]) / 2 + CENTRE * Math.exp(-2 * (x * x + y * y))
  })
  return bilinear({ width, height, channels: 1, values: spreadOut(whole) }, colour.width, colour.height)
}

/** Returns the distance to the nearest of the border's colours, and where background may begin. */
function unlikeBorder({ width, height, values }) {
  const depth = Math.max(2, halfEven(RIM * Math.min(width, height)))
  const rim = maskOf({ width, height }, (i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    return x < depth || y < depth || x >= width - depth || y >= height - depth
  }).values
  const points = []
  for (let i = 0; i < rim.length; i++) if (rim[i]) points.push(values.subarray(3 * i, 3 * i + 3))
  const { colours, shares } = clustered(points, Math.min(CLUSTERS, points.length))
  const areas = colours.map(() => 0)
  const found = Array.from(rim, (_, i) => {
    const away = colours.map((colour) => lengthBetween(colour, values.subarray(3 * i, 3 * i + 3)))
    const closest = away.indexOf(Math.min(...away))
    if (away[closest] < NEAR) areas[closest] += 1
    return { away, closest }
  })
  const ties = shares.map((share, k) => (share * 2 * (height + width)) / Math.sqrt(Math.max(1, areas[k])))
  const extra = ties.map((tie, k) => {
    return 12 * Math.log(RARE / Math.min(Math.max(shares[k], 1e-3), RARE)) + LOOSE * Math.exp(-((tie / TIED) ** 2))
  })
  const begin = rim.map((value, i) => (value && ties[found[i].closest] > TIED ? 1 : 0))
  const unlike = Float64Array.from(found, ({ away }) => Math.min(...away.map((each, k) => each + extra[k])))
  return { unlike, begin: begin.includes(1) ? begin : rim }
}

/** Returns the middles of so many clusters of points, and the share of the points in each. */
function clustered(points, count) {
  const mean = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length)
  const colours = [mean]
  while (colours.length < count) {
    const away = points.map((point) => Math.min(...colours.map((colour) => lengthBetween(colour, point))))
    colours.push([...points[away.indexOf(Math.max(...away))]])
  }
  let counts = []
  for (let round = 0; round < 10; round++) {
    const sums = colours.map(() => [0, 0, 0])
    counts = colours.map(() => 0)
    for (const point of points) {
      const away = colours.map((colour) => lengthBetween(colour, point))
      const closest = away.indexOf(Math.min(...away))
      counts[closest] += 1
      for (let axis = 0; axis < 3; axis++) sums[closest][axis] += point[axis]
    }
    sums.forEach((sum, k) => {
      if (counts[k]) colours[k] = sum.map((value) => value / counts[k])
    })
  }
  return { colours, shares: counts.map((each) => each / points.length) }
}

function lengthBetween(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/** Returns the minimum barrier distance to where the background begins: twice down, up, right and left. */
function barriers({ width, height, values }, begin) {
  const far = Float64Array.from(begin, (value) => (value ? 0 : Infinity))
  const high = values.slice()
  const low = values.slice()
  const top = [0, 0, 0]
  const bottom = [0, 0, 0]
  const step = (here, before) => {
    let barrier = 0
    for (let channel = 0; channel < 3; channel++) {
      top[channel] = Math.max(high[3 * before + channel], values[3 * here + channel])
      bottom[channel] = Math.min(low[3 * before + channel], values[3 * here + channel])
      barrier += top[channel] - bottom[channel]
    }
    if (barrier >= far[here]) return
    far[here] = barrier
    high.set(top, 3 * here)
    low.set(bottom, 3 * here)
  }
  const size = width * height
  for (let pass = 0; pass < 2; pass++) {
    for (let i = width; i < size; i++) step(i, i - width)
    for (let i = size - width - 1; i >= 0; i--) step(i, i + width)
    for (let i = 0; i < size; i++) if (i % width) step(i, i - 1)
    for (let i = size - 1; i >= 0; i--) if ((i + 1) % width) step(i, i + 1)
  }
  return far
}

/** Maps the 3rd percentile to 0 and the 97th to 1. */
function spreadOut(values) {
  const low = percentile(values, 3)
  const range = Math.max(percentile(values, 97) - low, 1e-6)
  return Float64Array.from(values, (value) => Math.min(Math.max((value - low) / range, 0), 1))
}

/** Returns a colour picture with its longest side at so many px, no side below 8, each pixel the mean of its area. */
function areaReduced(picture, longest) {
  const share = longest / Math.max(picture.width, picture.height)
  const width = Math.max(8, halfEven(picture.width * share))
  const height = Math.max(8, halfEven(picture.height * share))
  return areaRows(areaRows(picture, width), height)
}

/** Returns a picture with rows of another length, and rows and columns exchanged. */
function areaRows({ width, height, channels, values }, columns) {
  const result = new Float64Array(columns * height * channels)
  for (let column = 0; column < columns; column++) {
    const [from, to] = [(column * width) / columns, ((column + 1) * width) / columns]
    for (let x = Math.floor(from); x < Math.min(width, Math.ceil(to)); x++) {
      const weight = (Math.min(to, x + 1) - Math.max(from, x)) / (to - from)
      for (let i = 0; i < height * channels; i++) {
        const [y, channel] = [Math.floor(i / channels), i % channels]
        result[(column * height + y) * channels + channel] += weight * values[(y * width + x) * channels + channel]
      }
    }
  }
  return { width: height, height: columns, channels, values: result }
}

/**
 * Returns a plane in another size, between four values each.
 * @param {Plane} plane of one channel
 * @param {number} columns
 * @param {number} rows
 * @returns {Plane}
 */
function bilinear({ width, height, values }, columns, rows) {
  const places = (side, count) =>
    Array.from({ length: count }, (_, i) => {
      const place = Math.min(Math.max(((i + 0.5) * side) / count - 0.5, 0), side - 1)
      const low = Math.min(Math.floor(place), Math.max(0, side - 2))
      return { low, high: Math.min(low + 1, side - 1), share: place - low }
    })
  const [across, down] = [places(width, columns), places(height, rows)]
  const result = new Float64Array(columns * rows)
  for (let i = 0; i < result.length; i++) {
    const [x, y] = [across[i % columns], down[Math.floor(i / columns)]]
    const row = (at) => values[at * width + x.low] * (1 - x.share) + values[at * width + x.high] * x.share
    result[i] = row(y.low) * (1 - y.share) + row(y.high) * y.share
  }
  return { width: columns, height: rows, channels: 1, values: result }
}

/**
 * Returns a picture softened with weights in both directions, mirrored at the edges; as whole levels if asked for.
 * @returns {Plane}
 */
function softened({ width, height, channels, values }, weights, whole) {
  const reach = (weights.length - 1) / 2
  const sum = weights.reduce((a, b) => a + b, 0)
  const mirror = (place, side) => {
    const there = Math.abs(place)
    return there < side ? there : 2 * (side - 1) - there
  }
  const along = (from, stride, side) => {
    const result = new Float64Array(from.length)
    for (let i = 0; i < from.length; i++) {
      const place = Math.floor(i / stride) % side
      for (let k = 0; k < weights.length; k++) {
        const other = mirror(place + k - reach, side)
        result[i] += (weights[k] / sum) * from[i + (other - place) * stride]
      }
    }
    return result
  }
  const levels = whole ? Float64Array.from(values, Math.round) : values
  const soft = along(along(levels, channels, width), channels * width, height)
  return { width, height, channels, values: whole ? soft.map(Math.round) : soft }
}

/** Returns a colour picture in CIE L*a*b*, each axis as levels of 0 to 255 as in OpenCV; lightness counts for less. */
function labOf({ width, height, values }) {
  const linear = (level) => {
    const share = level / 255
    return share > 0.04045 ? ((share + 0.055) / 1.055) ** 2.4 : share / 12.92
  }
  const root = (share) => (share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116)
  const result = new Float64Array(values.length)
  for (let i = 0; i < values.length; i += 3) {
    const [r, g, b] = [linear(values[i]), linear(values[i + 1]), linear(values[i + 2])]
    const x = root((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.950456)
    const y = root(0.212671 * r + 0.71516 * g + 0.072169 * b)
    const z = root((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754)
    const lightness = Math.round(((116 * y - 16) * 255) / 100)
    result.set([LIGHTNESS * lightness, Math.round(500 * (x - y) + 128), Math.round(200 * (y - z) + 128)], i)
  }
  return { width, height, channels: 3, values: result }
}
