/** Colours for values, and canvases full of them. Zero has the page's colour, and strong values stand out from it. */

const STEPS = 256

/**
 * Returns the colours of a page: for values above and below zero, from faint to strong.
 * @returns {{above: number[][], below: number[][], dark: boolean}}
 */
function rampsOf(root) {
  const colours = theme(root)
  const [paper, text, good, bad] = [colours.paper, colours.text, colours.good, colours.bad].map(channelsOf)
  const ground = blended(paper, text, 0.04)
  const ramp = (middle, end) =>
    Array.from({ length: STEPS }, (_, i) => {
      const share = i / (STEPS - 1)
      return share < 0.6 ? blended(ground, middle, share / 0.6) : blended(middle, end, (share - 0.6) / 0.4)
    })
  return { above: ramp(good, blended(good, text, 0.75)), below: ramp(bad, blended(bad, text, 0.5)), dark: colours.dark }
}

/** Returns "rgb(1,2,3)" or "#010203" as three numbers. */
function channelsOf(colour) {
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  return colour.match(/\d+/g).slice(0, 3).map(Number)
}

function blended(one, other, share) {
  return one.map((value, i) => Math.round(value + (other[i] - value) * share))
}

/** Returns the colour of a value where `most` is the strongest there is. */
function shadeOf(ramps, value, most) {
  const place = Math.min(STEPS - 1, Math.round((Math.abs(value) / (most || 1)) * (STEPS - 1)))
  return (value < 0 ? ramps.below : ramps.above)[place]
}

/** Sets what an element with a value looks like: its colour, and ink that can be read on it. */
function tint(element, ramps, value, most) {
  const shade = shadeOf(ramps, value, most)
  const [red, green, blue] = shade.map((each) => {
    const part = each / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18
  element.style.background = `rgb(${shade})`
  element.style.color = light ? "black" : "white"
}

/** Draws values, row by row, one pixel each. */
function paintValues(canvas, values, width, height, ramps, most) {
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext("2d")
  const picture = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = shadeOf(ramps, values[i], most)
    picture.data.set([red, green, blue, 255], 4 * i)
  }
  context.putImageData(picture, 0, 0)
}

/** Draws an image as it is: levels of 0 to 255, one or three channels. @param {number[]} shape */
function paintPixels(canvas, pixels, shape) {
  const [height, width, channels] = shape
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext("2d")
  const picture = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    const at = (channel) => pixels[i * channels + Math.min(channel, channels - 1)]
    picture.data.set(channels === 3 ? [at(0), at(1), at(2), 255] : [at(0), at(0), at(0), 255], 4 * i)
  }
  context.putImageData(picture, 0, 0)
}

/** Draws small squares of weights side by side, each `size` wide, with room between them. */
function paintSquares(canvas, squares, size, columns, ramps, most) {
  const step = size + 1
  canvas.width = columns * step - 1
  canvas.height = Math.ceil(squares.length / columns) * step - 1
  const context = canvas.getContext("2d")
  squares.forEach((weights, number) => {
    const [left, top] = [(number % columns) * step, Math.floor(number / columns) * step]
    for (let i = 0; i < weights.length; i++) {
      context.fillStyle = `rgb(${shadeOf(ramps, weights[i], most)})`
      context.fillRect(left + (i % size), top + Math.floor(i / size), 1, 1)
    }
  })
}

/** Returns the largest distance from zero. */
function mostOf(values) {
  let most = 0
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]))
  return most
}

function isSigned(values) {
  for (let i = 0; i < values.length; i++) if (values[i] < 0) return true
  return false
}
