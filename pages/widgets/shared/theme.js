/** The theme as plain colours: Plotly understands neither CSS variables nor color-mix(). */
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
  const mixed = (share) => resolve(`color-mix(in srgb, ${value("text-color")} ${share}%, ${value("background-color")})`)
  const colours = {
    text: resolve(value("text-color")),
    muted: mixed(72),
    grid: mixed(11),
    paper: resolve(value("background-color")),
    palette: value("chart-categorical-colors").split(/,(?![^(]*\))/).map(resolve),
    font: value("font"),
  }
  probe.remove()
  return colours
}

const PIXEL = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
