/** A confusion matrix as a grid of buttons; pressing one triggers "cell" with its {row, col}. */
export default function ({ data, parentElement, setTriggerValue }) {
  const { classes, order, cell } = data
  const root = parentElement.querySelector(".root")
  const size = classes.length
  if (root.childElementCount === 0) {
    root.innerHTML = FRAME
    root.lastElementChild.append(newSaveButtons("the matrix", (format) => saveMatrix(root.shown, root, format)))
  }
  const grid = root.querySelector(".grid")
  grid.style.setProperty("--size", size)
  root.classList.toggle("many", size > MANY)

  // Cells are kept and changed in place, so that the focus survives an update.
  const names = order.map((index) => classes[index])
  if (grid.classes !== names.join("\n")) {
    grid.classes = names.join("\n")
    grid.replaceChildren(...newCells(names))
  }
  const buttons = [...grid.querySelectorAll("button")]
  const cells = cellsOf(data, painter(root))
  root.shown = { cells, names, name: data.name, across: "Predicted class", down: "True class" }
  let chosen = cell

  const markChosen = () =>
    buttons.forEach((button, i) => {
      button.ariaPressed = String(cells[i].row === chosen.row && cells[i].col === chosen.col)
    })

  buttons.forEach((button, i) => {
    const { row, col, text, label, paper, ink } = cells[i]
    button.textContent = text
    button.ariaLabel = label
    button.title = label
    button.style.backgroundColor = paper
    button.style.color = ink
    button.onclick = () => {
      chosen = { row, col }
      markChosen() // at once; the server's answer says the same
      setTriggerValue("cell", chosen)
    }
  })
  markChosen()
  moveFocusWithArrowKeys(grid, buttons, () => size)
}

const FRAME = `
  <div class="across" aria-hidden="true">Predicted class</div>
  <div class="down" aria-hidden="true">True class</div>
  <div class="frame"><div class="grid" role="group" aria-label="Confusion matrix: rows are true classes, columns predicted ones"></div></div>
  <div class="under"></div>`

/** Corner, column headers, then each row's header and its buttons. The labels repeat the headers. */
function newCells(names) {
  const header = (className, text) => Object.assign(newHeader(className, text), { ariaHidden: "true" })
  const button = () => Object.assign(document.createElement("button"), { type: "button", className: "cell" })
  return [
    header("corner", ""),
    ...names.map((name) => header("column", name)),
    ...names.flatMap((name) => [header("row", name), ...names.map(button)]),
  ]
}

/** Every cell in the order shown: {row, col, text, label, paper, ink}. */
function cellsOf({ classes, counts, other, numbers, order }, paint) {
  const sum = (values) => values.reduce((total, value) => total + value, 0)
  const rowTotals = counts.map(sum)
  const columnTotals = counts.map((_, col) => sum(counts.map((line) => line[col])))
  const difference = (row, col) => other[row][col] - counts[row][col]
  const most = other ? Math.max(1, ...order.map((row) => Math.max(...order.map((col) => Math.abs(difference(row, col)))))) : 1

  const cell = (row, col) => {
    const count = counts[row][col]
    const where = `True ${classes[row]}, predicted ${classes[col]}: `
    if (numbers === "difference") {
      const more = difference(row, col)
      return {
        text: more === 0 ? "·" : signed(more),
        label: `${where}${images(count)} of A, ${images(other[row][col])} of B: ${more === 0 ? "no difference" : signed(more)}`,
        // More hits are better, and so are fewer mistakes.
        ...paint(Math.sqrt(Math.abs(more) / most), row === col ? more > 0 : more < 0),
      }
    }
    const total = numbers === "columns" ? columnTotals[col] : rowTotals[row]
    const share = total > 0 ? count / total : 0
    const of = numbers === "columns" ? "of the answers" : "of the class"
    return {
      text: count === 0 ? "·" : numbers === "counts" ? String(count) : percent(share),
      label: `${where}${images(count)}${total > 0 ? ` (${percent(share)} % ${of})` : ""}`,
      // Hits are mostly near 100 %, so their colour grows with the square of the share; mistakes
      // are mostly near 0 %, so theirs grows with its root: 1 % can be seen, 25 % is full.
      ...paint(row === col ? share ** 2 : Math.min(1, Math.sqrt(share / 0.25)), row === col),
    }
  }
  return order.flatMap((row) => order.map((col) => ({ row, col, ...cell(row, col) })))
}

const images = (count) => `${count} ${count === 1 ? "image" : "images"}`
const signed = (value) => (value > 0 ? `+${value}` : `−${-value}`)

/** Three characters at most, so that it fits a phone: 100, 87, 9.3, 0.4. */
function percent(share) {
  const value = share * 100
  return value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)
}
