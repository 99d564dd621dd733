/** A confusion matrix as a grid of buttons; the state "cell" is the chosen {row, col} or null. */
export default function ({ data, parentElement, setStateValue }) {
  const { classes, counts, normalised, cell } = data
  const root = parentElement.querySelector(".root")
  const size = classes.length
  if (root.childElementCount === 0) root.innerHTML = FRAME
  const grid = root.querySelector(".grid")
  grid.style.setProperty("--size", size)

  // Cells are kept and changed in place, so that the focus survives an update.
  if (grid.classes !== classes.join("\n")) {
    grid.classes = classes.join("\n")
    grid.replaceChildren(...newCells(classes))
  }
  const buttons = [...grid.querySelectorAll("button")]
  const paint = painter(root)
  let chosen = cell

  const markChosen = () =>
    buttons.forEach((button, i) => {
      const isChosen = chosen !== null && i === chosen.row * size + chosen.col
      button.ariaPressed = String(isChosen)
    })

  buttons.forEach((button, i) => {
    const [row, col] = [Math.floor(i / size), i % size]
    const count = counts[row][col]
    const total = counts[row].reduce((sum, value) => sum + value, 0)
    const share = total > 0 ? count / total : 0

    button.textContent = count === 0 ? "·" : normalised ? percent(share) : count
    button.ariaLabel =
      `True ${classes[row]}, predicted ${classes[col]}: ${count} ${count === 1 ? "image" : "images"}` +
      (total > 0 ? ` (${percent(share)} %)` : "")
    button.title = button.ariaLabel
    Object.assign(button.style, paint(share, row === col))
    button.onclick = () => {
      const isChosen = chosen?.row === row && chosen?.col === col
      chosen = isChosen ? null : { row, col }
      markChosen() // at once; the server's answer says the same
      setStateValue("cell", chosen)
    }
  })
  markChosen()
  moveFocusWithArrowKeys(grid, buttons, () => size)
}

const FRAME = `
  <div class="predicted" aria-hidden="true">Predicted class</div>
  <div class="true" aria-hidden="true">True class</div>
  <div class="grid" role="group" aria-label="Confusion matrix: rows are true classes, columns predicted ones"></div>`

/** Corner, column headers, then each row's header and its buttons. The labels repeat the headers. */
function newCells(classes) {
  const header = (className, text) => {
    const element = document.createElement("div")
    element.className = className
    element.ariaHidden = "true"
    element.title = text
    const name = document.createElement("span")
    name.textContent = text
    element.append(name)
    return element
  }
  const button = () => Object.assign(document.createElement("button"), { type: "button" })
  return [
    header("corner", ""),
    ...classes.map((name) => header("column", name)),
    ...classes.flatMap((name) => [header("row", name), ...classes.map(button)]),
  ]
}

/** Three characters at most, so that it fits a phone: 100, 87, 9.3, 0.4. */
function percent(share) {
  const value = share * 100
  return value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)
}

/**
 * Returns share -> {backgroundColor, color}. Hits are mostly near 100 %, so their primary
 * colour grows with the square of the share; mistakes are mostly near 0 %, so their orange grows
 * with its root: 1 % can be seen, 25 % is full.
 */
function painter(root) {
  const style = getComputedStyle(root)
  const theme = (name) => parseColour(root, style.getPropertyValue(`--st-${name}-color`))
  const [paper, text, hit, mistake] = ["background", "text", "primary", "orange"].map(theme)
  // One of black and white always has a contrast of 4.5 or more, whatever the theme.
  const inks = [text, paper, [0, 0, 0], [255, 255, 255]]

  return (share, isHit) => {
    const strength = isHit ? share ** 2 : Math.min(1, Math.sqrt(share / 0.25))
    const target = isHit ? hit : mistake
    const background = paper.map((value, i) => Math.round(value + (target[i] - value) * strength))
    const ink = inks.find((candidate) => contrast(candidate, background) >= 4.5) ?? inks[0]
    return { backgroundColor: `rgb(${background})`, color: `rgb(${ink})` }
  }
}

/** Any CSS colour as [r, g, b]: the browser does the reading. */
function parseColour(root, colour) {
  const probe = root.appendChild(document.createElement("i"))
  probe.style.color = colour
  const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number)
  probe.remove()
  return rgb
}

/** Contrast ratio of two [r, g, b] colours as WCAG 2 defines it, 1 to 21. */
function contrast(a, b) {
  const luminance = (rgb) => {
    const [r, g, blue] = rgb.map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  }
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}
