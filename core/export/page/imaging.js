/**
 * From a picture to the pixels that a network sees, step by step as core/imaging does it: the same arithmetic as
 * Pillow's and OpenCV's, rounding included, so that a drawing becomes the same pixels to the last bit. The search for
 * an object on an uneven ground, which is not quite that of the app, is in salience.js.
 */

const WORK = 256 // px; as core/imaging/scene.py, like the constants below
const BORDER = 0.05
const CLEAN = 8
const BLANK = 8 // as core/imaging/prepare.py
const BLACK = 24
const PEN_SHARE = 0.09 // as core/imaging/route.py
const FLAT = 0.92
const SMOOTH = 16
const PEN = 1.25 // as core/imaging/sketch.py
const FAINT_LINE = 0.4
const PEN_LEVEL = 98
const EDGE = 0.03
const FAINT = 32 // as core/imaging/photo.py
const NEUTRAL = 12
const DEEP = 90
const GENTLE = 2
const KEPT = 0.65
const WIDE = 1.25
const HEEL = 1.3
const OPENING = 0.03

/**
 * Levels of 0 to 255, or a mask of 0 and 1, row by row.
 * @typedef {{width: number, height: number, channels: number, values: Uint8Array}} Picture
 * @typedef {{colour: Picture, background: number[], spread: number}} Scene
 * @typedef {{height: number, width: number, channels: number, light: boolean}} Frame
 * @typedef {{pixels: Picture, kind: "photo" | "drawing" | "", even: boolean, found: boolean}} Prepared
 */

/**
 * Turns a picture into what a network was trained on.
 * @param {Picture} picture in colour
 * @param {Frame} frame of the network's input
 * @param {string} kind "photo", "drawing", or "" to tell by looking
 * @returns {Prepared | null} null if the picture is a single colour
 */
function prepared(picture, frame, kind = "") {
  if (isBlank(picture)) return null
  if (frame.channels === 3) return { pixels: middle(picture, frame), kind: "", even: true, found: true }
  const scene = look(picture)
  const known = kind || (isDrawing(scene) ? "drawing" : "photo")
  const even = scene.spread < CLEAN
  const object = known === "drawing" ? lines(scene) : garment(scene)
  const way = known === "drawing" ? fromDrawing : fromPhoto
  const pixels = fitted(way(picture, scene, object, frame), frame)
  if (frame.light) pixels.values = pixels.values.map((level) => 255 - level)
  return { pixels, kind: /** @type {"photo" | "drawing"} */ (known), even, found: object.values.includes(1) }
}

/** Tells whether all colours lie too close together to show anything. */
function isBlank({ values }) {
  const low = [255, 255, 255]
  const high = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low[i % 3]) low[i % 3] = values[i]
    if (values[i] > high[i % 3]) high[i % 3] = values[i]
  }
  return Math.max(...high.map((level, i) => level - low[i])) < BLANK
}

/** Returns the middle of a picture in the frame's proportions and size: what colour data sets get. */
function middle(picture, { width, height }) {
  const scale = Math.min(picture.width / width, picture.height / height)
  const across = Math.max(1, halfEven(width * scale))
  const down = Math.max(1, halfEven(height * scale))
  const left = Math.floor((picture.width - across) / 2)
  const top = Math.floor((picture.height - down) / 2)
  return resized(cropped(picture, [left, top, left + across, top + down]), width, height)
}

/** Returns the lines of a drawing, white on black, cut to what was drawn. */
function fromDrawing(picture, { background }, mask, frame) {
  const { colour, inside } = cut(picture, mask)
  const away = distances(colour, background)
  const drawn = away.filter((_, i) => inside.values[i])
  const full = drawn.length ? Math.max(percentile(drawn, 90), 1) : 1
  const values = Uint8Array.from(away, (level, i) => (inside.values[i] ? Math.min(level * (255 / full), 255) : 0))
  return evenedOut({ ...inside, values }, Math.max(frame.width, frame.height))
}

/** Widens thin lines to the width of a pen; wide ones stay. */
function evenedOut(lines, side) {
  const mask = { ...lines, values: lines.values.map((level) => (level > 96 ? 1 : 0)) }
  const around = windowSum(mask, 3)
  const edge = mask.values.reduce((count, value, i) => count + (value && around[i] < 9 ? 1 : 0), 0)
  const width = (2 * total(mask)) / Math.max(1, edge)
  const missing = halfEven((PEN * Math.max(lines.width, lines.height)) / side - width)
  if (missing < 1) return lines
  const room = Math.floor(missing / 2) + 1
  return grown(padded(lines, room), ellipse(missing + 1))
}

/** Returns the shades of a photo's object as Fashion-MNIST has them, cut to it, on black. */
function fromPhoto(picture, { background }, found) {
  const whole = { ...found, values: found.values.map(() => 1) }
  const { colour, inside } = cut(picture, found.values.includes(1) ? found : whole)
  const grey = greyOf(colour)
  const isBlack = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2] < BLACK
  if (!isBlack) grey.values = grey.values.map((level) => 255 - level)
  grey.values = grey.values.map((level, i) => (inside.values[i] ? level : 0))
  const shades = stretched(grey, inside)
  return facesRight(inside) ? mirrored(shades) : shades
}

/**
 * Spreads the shades inside the mask up to 255, leaving out 2 % at either end.
 * @param {Picture} grey
 * @param {Picture} inside
 * @returns {Picture}
 */
function stretched(grey, inside) {
  const shades = grey.values.filter((_, i) => inside.values[i])
  if (!shades.length) return grey
  const low = Math.min(percentile(shades, 2), percentile(shades, 50) / 2)
  const factor = 255 / Math.max(percentile(shades, 98) - low, 60)
  const level = (value) => Math.min(Math.max((value - low) * factor, FAINT), 255)
  return { ...grey, values: grey.values.map((value, i) => (inside.values[i] ? level(value) : value)) }
}

/** Tells whether this is footwear with its toe to the right. */
function facesRight({ width, height, values }) {
  if (width < WIDE * height) return false
  const third = Math.max(1, Math.floor(width / 3))
  const filled = (from, to) => {
    let count = 0
    for (let y = 0; y < height; y++) for (let x = from; x < to; x++) count += values[y * width + x]
    return count
  }
  return filled(0, third) > HEEL * filled(width - third, width)
}

/** Fits the longest side into the frame, the proportions kept, and centres on black. */
function fitted(grey, { width, height }) {
  const scale = Math.min(height / grey.height, width / grey.width)
  const across = Math.max(1, halfEven(grey.width * scale))
  const down = Math.max(1, halfEven(grey.height * scale))
  const reduced = resized(grey, across, down)
  const values = new Uint8Array(width * height)
  const top = Math.floor((height - down) / 2)
  const left = Math.floor((width - across) / 2)
  for (let y = 0; y < down; y++) {
    values.set(reduced.values.subarray(y * across, (y + 1) * across), (top + y) * width + left)
  }
  return { width, height, channels: 1, values }
}

// --- What is in the picture -------------------------------------------------------------------------------------

/** Reduces a picture and measures its background on the outer frame. */
function look(picture) {
  const colour = small(picture)
  const { width, height, values } = colour
  const depth = Math.max(1, halfEven(BORDER * Math.min(width, height)))
  const border = []
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = y >= depth && y < height - depth && x >= depth && x < width - depth
      if (!inside) border.push(...values.subarray(3 * (y * width + x), 3 * (y * width + x) + 3))
    }
  }
  const background = [0, 1, 2].map((channel) => percentile(border.filter((_, i) => i % 3 === channel), 50))
  const frame = { width: border.length / 3, height: 1, channels: 3, values: Uint8Array.from(border) }
  return { colour, background, spread: percentile(distances(frame, background), 75) }
}

/** Tells whether the content was drawn: on an even ground, thin lines or one flat colour. */
function isDrawing(scene) {
  if (scene.spread >= SMOOTH) return false
  const { colour } = scene
  const drawn = content(scene)
  const size = Math.max(3, halfEven(PEN_SHARE * Math.max(colour.width, colour.height)))
  const solid = windowSum(drawn, size).filter((count) => count === size * size).length
  if (solid < 0.01 * total(drawn)) return true
  const around = windowSum(drawn, 3)
  const inner = [] // without the soft edges
  for (let i = 0; i < around.length; i++) {
    if (around[i] === 9) inner.push(...colour.values.subarray(3 * i, 3 * i + 3))
  }
  if (!inner.length) return false
  const median = [0, 1, 2].map((channel) => percentile(inner.filter((_, i) => i % 3 === channel), 50))
  const away = distances({ width: inner.length / 3, height: 1, channels: 3, values: Uint8Array.from(inner) }, median)
  return away.filter((level) => level < 24).length / away.length > FLAT
}

/** Returns what differs from the background, without specks. */
function content(scene) {
  return despeckled(differing(scene).mask)
}

/** Returns how far each pixel is from the background, in levels, and which are far enough to count. */
function differing({ colour, background, spread }) {
  const away = distances(colour, background)
  const limit = spread < CLEAN ? Math.max(CLEAN, 2 * spread) : Math.max(12, 0.8 * otsu(away))
  return { away, mask: maskOf(colour, (i) => away[i] > limit) }
}

/** Returns what was drawn. */
function lines(scene) {
  const { away, mask } = differing(scene)
  return despeckled(withoutPaper(mask, away))
}

/** Drops the printed lines or squares of the paper: fainter than the pen's, and everywhere. */
function withoutPaper(mask, away) {
  if (!mask.values.includes(1)) return mask
  const limit = FAINT_LINE * percentile(away.filter((_, i) => mask.values[i]), PEN_LEVEL)
  const drawn = maskOf(mask, (i) => mask.values[i] && away[i] > limit)
  const rest = maskOf(mask, (i) => mask.values[i] && !drawn.values[i])
  if (!onAllSides(rest) || onAllSides(drawn)) return mask
  const around = windowSum(drawn, 3)
  return maskOf(mask, (i) => mask.values[i] && around[i] > 0) // with its soft edges
}

/** Tells whether something comes close to each edge of the picture. */
function onAllSides({ width, height, values }) {
  const depth = Math.max(1, halfEven(EDGE * Math.min(width, height)))
  const column = (i) => i % width
  const sides = [
    (i) => i < depth * width,
    (i) => i >= (height - depth) * width,
    (i) => column(i) < depth,
    (i) => column(i) >= width - depth,
  ]
  return sides.every((isIn) => values.some((value, i) => value && isIn(i)))
}

/** Returns which pixels belong to a photo's object. */
function garment(scene) {
  return scene.spread < CLEAN ? withoutShadow(scene, content(scene)) : salient(scene.colour)
}

/** Drops pixels with fewer than 5 of 25 neighbours; where nothing would be left, all stay. */
function despeckled(mask) {
  const around = windowSum(mask, 5)
  const kept = maskOf(mask, (i) => mask.values[i] && around[i] >= 5)
  return kept.values.includes(1) ? kept : mask
}

/** Drops soft shadows: what the background fades into without an edge. */
function withoutShadow({ colour, background }, mask) {
  const smooth = blurred(colour)
  const { width, height } = mask
  const isShade = (i) => {
    const missing = background.map((level, channel) => level - smooth.values[3 * i + channel])
    return Math.max(...missing) - Math.min(...missing) < NEUTRAL && Math.max(...missing) < DEEP
  }
  const barred = maskOf(mask, (i) => mask.values[i] && !isShade(i))
  const near = (i, j) =>
    [0, 1, 2].every((channel) => Math.abs(smooth.values[3 * i + channel] - smooth.values[3 * j + channel]) <= GENTLE)
  const corners = [0, width - 1, (height - 1) * width, height * width - 1].filter((i) => !barred.values[i])
  const ground = flooded(barred, corners, near)
  const disc = ellipse(3)
  const left = grown(shrunk(maskOf(mask, (i) => mask.values[i] && !ground[i]), disc), disc)
  return total(left) > KEPT * total(mask) ? left : mask
}

/** Returns which pixels are reached from others, from neighbour to neighbour. */
function flooded({ width, values }, from, near) {
  const reached = new Uint8Array(values.length)
  const open = [...from]
  for (const i of from) reached[i] = 1
  while (open.length) {
    const i = open.pop()
    const beside = [i - width, i + width, ...(i % width ? [i - 1] : []), ...((i + 1) % width ? [i + 1] : [])]
    for (const j of beside) {
      if (j < 0 || j >= values.length || values[j] || reached[j] || !near(i, j)) continue
      reached[j] = 1
      open.push(j)
    }
  }
  return reached
}

/** Drops thin parts and those far from the middle, and fills small holes. */
function cleaned(mask) {
  const { width, height } = mask
  const disc = ellipse(Math.max(3, halfEven(OPENING * Math.max(width, height)) | 1))
  const opened = grown(shrunk(mask, disc), disc)
  const solid = shrunk(grown(opened, disc), disc)
  if (!solid.values.includes(1)) return mask
  const found = parts(solid, true).map((part) => {
    const x = part.reduce((sum, i) => sum + (i % width), 0) / part.length / width - 0.5
    const y = part.reduce((sum, i) => sum + Math.floor(i / width), 0) / part.length / height - 0.5
    return { part, weight: part.length * Math.exp(-2 * Math.hypot(x, y)) }
  })
  const most = Math.max(...found.map(({ weight }) => weight))
  const values = new Uint8Array(mask.values.length)
  for (const { part, weight } of found) if (weight >= 0.25 * most) for (const i of part) values[i] = 1
  const kept = { ...mask, values }
  const size = total(kept)
  const atEdge = (i) => i < width || i >= width * (height - 1) || i % width === 0 || (i + 1) % width === 0
  for (const hole of parts(maskOf(kept, (i) => !values[i]), false)) {
    if (hole.length < 0.05 * size && !hole.some(atEdge)) for (const i of hole) values[i] = 1
  }
  return kept
}

/** Returns the connected parts of a mask, each as the places of its pixels; corners may count as connected. */
function parts({ width, height, values }, corners) {
  const known = new Uint8Array(values.length)
  const found = []
  for (let first = 0; first < values.length; first++) {
    if (!values[first] || known[first]) continue
    const part = [first]
    known[first] = 1
    for (let next = 0; next < part.length; next++) {
      const x = part[next] % width
      const y = Math.floor(part[next] / width)
      for (let down = -1; down <= 1; down++) {
        for (let across = -1; across <= 1; across++) {
          if (!corners && down && across) continue
          const [column, row] = [x + across, y + down]
          const place = row * width + column
          if (column < 0 || column >= width || row < 0 || row >= height) continue
          if (!values[place] || known[place]) continue
          known[place] = 1
          part.push(place)
        }
      }
    }
    found.push(part)
  }
  return found
}

/** Cuts picture and mask to the mask's bounds, from the original so that something small keeps detail. */
function cut(picture, mask) {
  const { width, height, values } = mask
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!values[y * width + x]) continue
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      top = Math.min(top, y)
      bottom = y + 1
    }
  }
  if (!right) [left, top, right, bottom] = [0, 0, width, height]
  const within = (share, side, least, most) => Math.min(Math.max(halfEven(share * side), least), most)
  const x = within(left / width, picture.width, 0, picture.width - 1)
  const y = within(top / height, picture.height, 0, picture.height - 1)
  const box = [
    x,
    y,
    within(right / width, picture.width, x + 1, picture.width),
    within(bottom / height, picture.height, y + 1, picture.height),
  ]
  const colour = small(cropped(picture, box))
  const whole = nearest(mask, picture.width, picture.height)
  return { colour, inside: nearest(cropped(whole, box), colour.width, colour.height) }
}

// --- Pillow's and OpenCV's arithmetic ---------------------------------------------------------------------------

/** Rounds as Python does: halves to the even neighbour. */
function halfEven(value) {
  const down = Math.floor(value)
  const rest = value - down
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down
}

/** Returns a percentile as NumPy does, between two values by their distance. */
function percentile(values, percent) {
  const sorted = Float64Array.from(values).sort()
  const place = (percent / 100) * (sorted.length - 1)
  const low = Math.floor(place)
  const high = Math.min(low + 1, sorted.length - 1)
  const [range, share] = [sorted[high] - sorted[low], place - low]
  return share < 0.5 ? sorted[low] + range * share : sorted[high] - range * (1 - share)
}

/** Returns a mask of the same size. */
function maskOf({ width, height }, isIn) {
  const values = new Uint8Array(width * height)
  for (let i = 0; i < values.length; i++) values[i] = isIn(i) ? 1 : 0
  return { width, height, channels: 1, values }
}

/** Returns how many pixels of a mask are in it. */
function total({ values }) {
  return values.reduce((sum, value) => sum + value, 0)
}

/**
 * Returns the largest difference to a colour among red, green and blue, of each pixel, in levels.
 * @param {Picture} picture
 * @param {number[]} colour
 */
function distances({ values }, [red, green, blue]) {
  const found = new Float64Array(values.length / 3)
  for (let i = 0, at = 0; i < found.length; i++, at += 3) {
    const [r, g, b] = [values[at] - red, values[at + 1] - green, values[at + 2] - blue]
    found[i] = Math.max(Math.abs(r), Math.abs(g), Math.abs(b))
  }
  return found
}

/** Returns the level that best parts values in two (Otsu 1979). */
function otsu(values) {
  const counts = new Float64Array(256)
  for (const value of values) counts[Math.floor(value)] += 1 / values.length
  const mean = counts.reduce((sum, share, level) => sum + share * level, 0)
  let [below, meanBelow, best, most] = [0, 0, 0, 0]
  for (let level = 0; level < 256; level++) {
    meanBelow *= below
    below += counts[level]
    if (Math.min(below, 1 - below) < 1.2e-7) continue
    meanBelow = (meanBelow + level * counts[level]) / below
    const meanAbove = (mean - below * meanBelow) / (1 - below)
    const between = below * (1 - below) * (meanBelow - meanAbove) ** 2
    if (between > most) [best, most] = [level, between]
  }
  return best
}

/** Counts the pixels of a mask in the square window around each pixel. */
function windowSum({ width, height, values }, size) {
  const before = Math.floor(size / 2)
  const sums = new Uint32Array((width + 1) * (height + 1)) // of all above and to the left
  for (let y = 0; y < height; y++) {
    let row = 0
    for (let x = 0; x < width; x++) {
      row += values[y * width + x]
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row
    }
  }
  const found = new Uint32Array(width * height)
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - before) * (width + 1)
    const bottom = Math.min(height, y - before + size) * (width + 1)
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - before)
      const right = Math.min(width, x - before + size)
      found[y * width + x] = sums[bottom + right] - sums[top + right] - sums[bottom + left] + sums[top + left]
    }
  }
  return found
}

/** Returns the places of OpenCV's ellipse of a size, from its middle, as pairs of down and across. */
function ellipse(size) {
  const radius = Math.floor(size / 2)
  const places = []
  for (let row = 0; row < size; row++) {
    const down = row - radius
    const reach = radius ? halfEven(radius * Math.sqrt((radius * radius - down * down) * (1 / (radius * radius)))) : 0
    for (let column = Math.max(radius - reach, 0); column < Math.min(radius + reach + 1, size); column++) {
      places.push([down, column - radius])
    }
  }
  return places
}

/** Returns the highest level around each pixel. */
function grown(picture, places) {
  return filtered(picture, places, 0, Math.max)
}

/** Returns the lowest level around each pixel. */
function shrunk(picture, places) {
  return filtered(picture, places, 255, Math.min)
}

function filtered(picture, places, first, choose) {
  const { width, height, values } = picture
  const result = new Uint8Array(values.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let level = first
      for (const [down, across] of places) {
        const [row, column] = [y + down, x + across]
        if (row < 0 || row >= height || column < 0 || column >= width) continue
        level = choose(level, values[row * width + column])
      }
      result[y * width + x] = level
    }
  }
  return { ...picture, values: result }
}

/** Returns a grey picture with a black border. */
function padded({ width, height, values }, room) {
  const across = width + 2 * room
  const result = new Uint8Array(across * (height + 2 * room))
  for (let y = 0; y < height; y++) {
    result.set(values.subarray(y * width, (y + 1) * width), (y + room) * across + room)
  }
  return { width: across, height: height + 2 * room, channels: 1, values: result }
}

/** Returns a colour picture softened by OpenCV's Gaussian of 5 × 5: weights 1, 4, 6, 4, 1, mirrored at the edges. */
function blurred(picture) {
  const { width, height, values } = picture
  const mirror = (place, side) => {
    if (side === 1) return 0
    const there = Math.abs(place)
    return there >= side ? Math.max(0, 2 * (side - 1) - there) : there
  }
  const weights = [1, 4, 6, 4, 1]
  const across = new Uint16Array(values.length)
  const result = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const [x, start] = [Math.floor(i / 3) % width, i - 3 * (Math.floor(i / 3) % width)]
    for (let k = 0; k < 5; k++) across[i] += weights[k] * values[start + 3 * mirror(x + k - 2, width)]
  }
  const row = 3 * width
  for (let i = 0; i < values.length; i++) {
    let sum = 128
    for (let k = 0; k < 5; k++) sum += weights[k] * across[mirror(Math.floor(i / row) + k - 2, height) * row + (i % row)]
    result[i] = sum >> 8
  }
  return { ...picture, values: result }
}

/**
 * Returns a colour picture in grey (ITU-R BT.601), as Pillow converts it.
 * @param {Picture} picture
 * @returns {Picture}
 */
function greyOf({ width, height, values }) {
  const grey = new Uint8Array(width * height)
  for (let i = 0; i < grey.length; i++) {
    grey[i] = (values[3 * i] * 19595 + values[3 * i + 1] * 38470 + values[3 * i + 2] * 7471 + 0x8000) >> 16
  }
  return { width, height, channels: 1, values: grey }
}

/** Returns a grey picture with left and right exchanged. */
function mirrored(picture) {
  const { width, values } = picture
  return { ...picture, values: values.map((_, i) => values[i - (i % width) + width - 1 - (i % width)]) }
}

/**
 * Returns the part of a picture within left, top, right and bottom.
 * @param {Picture} picture
 * @param {number[]} box
 * @returns {Picture}
 */
function cropped({ width, channels, values }, [left, top, right, bottom]) {
  const across = (right - left) * channels
  const result = new Uint8Array(across * (bottom - top))
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * channels
    result.set(values.subarray(from, from + across), (y - top) * across)
  }
  return { width: right - left, height: bottom - top, channels, values: result }
}

/** Returns a copy of a picture whose longest side is at most WORK, as Pillow's `thumbnail` makes it. */
function small(picture) {
  const { width, height } = picture
  if (width <= WORK && height <= WORK) return picture
  const aspect = width / height
  const [across, down] =
    aspect <= 1
      ? [bestSide(WORK * aspect, (side) => Math.abs(aspect - side / WORK)), WORK]
      : [WORK, bestSide(WORK / aspect, (side) => (side ? Math.abs(aspect - WORK / side) : 0))]
  const factors = [Math.floor(width / across / 2) || 1, Math.floor(height / down / 2) || 1]
  const less = factors[0] > 1 || factors[1] > 1 ? reduced(picture, factors) : picture
  return resized(less, across, down, [width / factors[0], height / factors[1]])
}

function bestSide(side, off) {
  const [low, high] = [Math.floor(side), Math.ceil(side)]
  return Math.max(off(high) < off(low) ? high : low, 1)
}

/**
 * Returns the means of blocks, as Pillow's `reduce`.
 * @param {Picture} picture
 * @param {number[]} factors
 * @returns {Picture}
 */
function reduced({ width, height, channels, values }, [across, down]) {
  const [columns, rows] = [Math.ceil(width / across), Math.ceil(height / down)]
  const result = new Uint8Array(columns * rows * channels)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [right, bottom] = [Math.min((column + 1) * across, width), Math.min((row + 1) * down, height)]
      const count = (right - column * across) * (bottom - row * down)
      const factor = Math.floor(2 ** 24 / count)
      for (let channel = 0; channel < channels; channel++) {
        let sum = Math.floor(count / 2)
        for (let y = row * down; y < bottom; y++) {
          for (let x = column * across; x < right; x++) sum += values[(y * width + x) * channels + channel]
        }
        result[(row * columns + column) * channels + channel] = Math.floor((sum * factor) / 2 ** 24)
      }
    }
  }
  return { width: columns, height: rows, channels, values: result }
}

/** Returns a picture in another size by Pillow's box filter; of `span` px, if the right or lower edge is cut. */
function resized(picture, width, height, span = [picture.width, picture.height]) {
  const across = (each) => resizedRows(each, width, span[0])
  const down = (each) => turned(resizedRows(turned(each), height, span[1]))
  // As Pillow's order is, by which levels are rounded.
  return picture.height > 2 * picture.width ? across(down(picture)) : down(across(picture))
}

function resizedRows(picture, width, span) {
  if (width === picture.width && span === width) return picture
  const { height, channels, values } = picture
  const result = new Uint8Array(width * height * channels)
  const scale = span / width
  const wide = Math.max(scale, 1)
  for (let column = 0; column < width; column++) {
    const { first, weights } = boxWeights((column + 0.5) * scale, wide, picture.width)
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 1 << 21
        for (let k = 0; k < weights.length; k++) {
          sum += weights[k] * values[(y * picture.width + first + k) * channels + channel]
        }
        result[(y * width + column) * channels + channel] = sum >> 22
      }
    }
  }
  return { width, height, channels, values: result }
}

/** Returns the first pixel that counts for a place, and the weights from there on, in 2 ** -22. */
function boxWeights(centre, wide, side) {
  const first = Math.max(0, Math.trunc(centre - 0.5 * wide + 0.5))
  const last = Math.min(side, Math.trunc(centre + 0.5 * wide + 0.5))
  const counts = Array.from({ length: last - first }, (_, k) => {
    const off = (k + first - centre + 0.5) * (1 / wide)
    return off > -0.5 && off <= 0.5 ? 1 : 0
  })
  const sum = counts.filter(Boolean).length
  return { first, weights: counts.map((count) => Math.trunc(0.5 + (count / (sum || 1)) * 2 ** 22)) }
}

/** Returns a picture with rows and columns exchanged. */
function turned({ width, height, channels, values }) {
  const result = new Uint8Array(values.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        result[(x * height + y) * channels + channel] = values[(y * width + x) * channels + channel]
      }
    }
  }
  return { width: height, height: width, channels, values: result }
}

/** Returns a mask in another size, each pixel that of the nearest place. */
function nearest(mask, width, height) {
  if (width === mask.width && height === mask.height) return mask
  const places = (side, count) => {
    const found = new Uint32Array(count)
    const step = side / count
    for (let i = 0, place = step * 0.5; i < count; i++, place += step) found[i] = Math.min(side - 1, Math.trunc(place))
    return found
  }
  const [columns, rows] = [places(mask.width, width), places(mask.height, height)]
  const at = (i) => mask.values[rows[Math.floor(i / width)] * mask.width + columns[i % width]]
  return maskOf({ width, height }, at)
}
