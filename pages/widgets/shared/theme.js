/**
 * The theme as plain colours, as Plotly and a canvas want them: the page's own text, paper and font,
 * and all of the palette ({good, bad, classes, runs, ...}) as it is on this page, light or dark.
 */
function theme(root) {
  const style = getComputedStyle(root)
  const value = (name) => style.getPropertyValue(`--st-${name}`).trim()
  const probe = root.appendChild(document.createElement("i"))
  const resolve = (colour) => {
    probe.style.color = colour
    // color(srgb r g b / a) or rgb(...): a canvas turns both into what Plotly reads
    PIXEL.clearRect(0, 0, 1, 1)
    PIXEL.fillStyle = getComputedStyle(probe).color
    PIXEL.fillRect(0, 0, 1, 1)
    const [r, g, b] = PIXEL.getImageData(0, 0, 1, 1).data
    return `rgb(${r},${g},${b})`
  }
  const paper = resolve(value("background-color"))
  const dark = isDark(paper)
  const colours = {
    ...PALETTE[dark ? "dark" : "light"],
    text: resolve(value("text-color")),
    paper,
    dark,
    font: value("font"),
  }
  probe.remove()
  return colours
}

/** Tells whether "rgb(r,g,b)" is darker than a middle grey. */
function isDark(rgb) {
  const [r, g, b] = rgb.match(/\d+/g).map(Number)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128
}

const PIXEL = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
