/** A small image large, pixel by pixel, and the values of the one under mouse, finger or cursor. */
const HINT = "Point at a pixel to read its value."

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  if (!root.firstChild) {
    root.innerHTML =
      '<div class="frame" tabindex="0" role="img"><canvas></canvas><div class="lines"></div>' +
      '<div class="cursor" hidden></div></div><p class="readout" role="status"><i></i><span></span></p>'
  }
  const [frame, readout] = root.children
  const [canvas, , cursor] = frame.children
  const [swatch, text] = readout.children
  const { width, height, channels, label, size } = data
  const values = Uint8Array.from(atob(data.values), (character) => character.charCodeAt(0))

  root.style.setProperty("--size", `${size}px`)
  root.style.setProperty("--columns", width)
  root.style.setProperty("--rows", height)
  frame.ariaLabel = `${label}, ${height} by ${width} pixels. The arrow keys read them one by one.`
  paint(canvas, values, width, height, channels)

  const show = (row, column) => {
    root.at = [row, column]
    const start = (row * width + column) * channels
    const pixel = [...values.subarray(start, start + channels)]
    cursor.hidden = false
    cursor.style.left = `${(100 * column) / width}%`
    cursor.style.top = `${(100 * row) / height}%`
    swatch.style.background = `rgb(${channels === 3 ? pixel : [pixel[0], pixel[0], pixel[0]]})`
    const said = channels === 3 ? `red ${pixel[0]}, green ${pixel[1]}, blue ${pixel[2]}` : `value ${pixel[0]}`
    text.textContent = `Row ${row}, column ${column}: ${said}`
    readout.classList.remove("idle")
  }
  const hide = () => {
    root.at = null
    cursor.hidden = true
    text.textContent = HINT
    readout.classList.add("idle")
  }
  const point = (event) => {
    const box = canvas.getBoundingClientRect()
    const column = Math.floor(((event.clientX - box.left) / box.width) * width)
    const row = Math.floor(((event.clientY - box.top) / box.height) * height)
    if (column >= 0 && column < width && row >= 0 && row < height) show(row, column)
  }
  frame.onpointermove = point
  frame.onpointerdown = point
  frame.onpointerleave = (event) => event.pointerType === "mouse" && hide()
  frame.onblur = hide
  frame.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (!step) return
    event.preventDefault() // or the page scrolls
    event.stopPropagation() // or the page goes on to the next image
    const [row, column] = root.at ?? [Math.floor(height / 2), Math.floor(width / 2)]
    const [down, right] = root.at ? step : [0, 0]
    show(clamp(row + down, height), clamp(column + right, width))
  }

  // Another image under a mouse that stays: the values are the new ones.
  if (root.at && root.at[0] < height && root.at[1] < width) show(...root.at)
  else hide()
}

const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1)

function paint(canvas, values, width, height, channels) {
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext("2d")
  const picture = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      picture.data[4 * i + channel] = values[channels * i + (channels === 3 ? channel : 0)]
    }
    picture.data[4 * i + 3] = 255
  }
  context.putImageData(picture, 0, 0)
}
