/** Numbers, places and elements, as the view writes them. */

/** Returns an element; properties that begin with "aria" or "data" are attributes. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}

/** Returns a number with a true minus sign and no negative zero. */
function fixed(value, digits) {
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")
}

/** Returns a number for a cell of a grid. */
function brief(value) {
  const size = Math.abs(value)
  return fixed(value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3)
}

/** Returns a number for a sum. */
function precise(value) {
  const size = Math.abs(value)
  return fixed(value, size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : size >= 0.01 || size === 0 ? 4 : 6)
}

function inPercent(share, digits = 1) {
  if (share > 0.9995 && share < 1) return "over 99.9 %"
  return `${fixed(100 * share, digits)} %`
}

const whole = (number) => number.toLocaleString("en")

/** Returns "1 map", "2 maps". */
const counted = (number, word) => `${whole(number)} ${word}${number === 1 ? "" : "s"}`

const sizeOf = (shape) => shape.join(" × ")

/** What the parts of a layer's result are called. */
const partWord = (shape) => (shape.length === 3 ? "map" : "unit")

/** Returns where a place is in words. @param {number[]} shape @param {Place} place */
function placeWords(shape, { row, column, channel }, from = "") {
  if (shape.length === 1) return `unit ${channel}`
  return `${from || "map"} ${channel}, row ${row}, column ${column}`
}
