/** A heat map of distances between classes, as a table that a screen reader can walk through. */
export default function ({ data, parentElement }) {
  const { classes, values, name, label } = data
  const root = parentElement.querySelector(".root")
  if (root.childElementCount === 0) {
    root.innerHTML = '<div class="frame" tabindex="0" role="region"><div class="grid" role="table"></div></div><div class="under"></div>'
    root.lastElementChild.append(newSaveButtons("the heat map", (format) => saveMatrix(root.shown, root, format)))
  }
  const [frame] = root.children
  const [grid] = frame.children
  frame.ariaLabel = grid.ariaLabel = label
  root.classList.toggle("many", classes.length > MANY)
  grid.style.setProperty("--size", classes.length)

  const cells = cellsOf(classes, values, painter(root))
  root.shown = { cells, names: classes, name, across: "", down: "" }
  const header = (className, role, text) => {
    const element = newHeader(className, text)
    element.setAttribute("role", role)
    return element
  }
  grid.replaceChildren(
    newRow(header("corner", "cell", ""), ...classes.map((each) => header("column", "columnheader", each))),
    ...classes.map((each, row) =>
      newRow(header("row", "rowheader", each), ...cells.slice(row * classes.length, (row + 1) * classes.length).map(newCell)),
    ),
  )
}

/** A row for screen readers: in the grid, its cells are its own children (display: contents). */
function newRow(...children) {
  const row = Object.assign(document.createElement("div"), { className: "line" })
  row.setAttribute("role", "row")
  row.append(...children)
  return row
}

function newCell({ text, label, paper, ink, own }) {
  const cell = Object.assign(document.createElement("div"), { textContent: text, title: label })
  cell.className = own ? "cell own" : "cell"
  cell.setAttribute("role", "cell")
  cell.style.backgroundColor = paper
  cell.style.color = ink
  return cell
}

/** Every cell: {text, label, paper, ink, own}; the smallest distance above 0 has the full colour. */
function cellsOf(classes, values, paint) {
  const known = values.flat().filter((value) => value) // without null, and a class from itself: 0
  const low = Math.min(...known)
  const high = Math.max(...known)
  return values.flatMap((line, row) =>
    line.map((value, col) => {
      const where = row === col ? `${classes[row]} among themselves` : `${classes[row]} and ${classes[col]}`
      const near = value && high > low ? (high - value) / (high - low) : 0
      return {
        text: value === null ? "–" : value.toFixed(0),
        label: `${where}: ${value === null ? "no distance" : value.toFixed(1)}`,
        own: row === col,
        ...paint(0.85 * near ** 1.5, true),
      }
    }),
  )
}
