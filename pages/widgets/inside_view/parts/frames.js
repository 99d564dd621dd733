/** A picture of values in which the mouse, a finger or the arrow keys move a cell or a window. */

/**
 * Returns a figure. `toPlace(row, column)` says which place in the result the square under the pointer stands for.
 * @param {{title: string, label: string, rows: number, columns: number, className?: string,
 *   toPlace?: (row: number, column: number) => Place, moved?: (place: Place, kept: boolean) => void,
 *   left?: () => void, stepped?: (down: number, right: number) => void}} options
 */
function newFrame({ title, label, rows, columns, className = "", toPlace, moved, left, stepped }) {
  const canvas = make("canvas")
  const box = make("i", { className: "box", hidden: true })
  const lines = make("i", { className: rows <= 32 ? "lines" : "lines none" })
  const frame = make("div", { className: "frame", role: "img", ariaLabel: label }, canvas, lines, box)
  frame.style.setProperty("--rows", `${rows}`)
  frame.style.setProperty("--columns", `${columns}`)
  const caption = make("figcaption", { textContent: title })
  const figure = make("figure", { className }, frame, caption)
  const mark = ({ top, left: first, bottom, right }) => {
    box.hidden = false
    box.style.top = `${(100 * top) / rows}%`
    box.style.left = `${(100 * first) / columns}%`
    box.style.height = `${(100 * (bottom + 1 - top)) / rows}%`
    box.style.width = `${(100 * (right + 1 - first)) / columns}%`
  }
  if (moved) {
    frame.classList.add("live")
    if (stepped) frame.tabIndex = 0
    const at = (event) => {
      const area = canvas.getBoundingClientRect()
      const row = Math.floor(((event.clientY - area.top) / area.height) * rows)
      const column = Math.floor(((event.clientX - area.left) / area.width) * columns)
      return toPlace(within(row, rows), within(column, columns))
    }
    frame.onpointermove = (event) => moved(at(event), event.pointerType !== "mouse" || event.buttons > 0)
    frame.onpointerdown = (event) => moved(at(event), true)
    frame.onpointerleave = (event) => event.pointerType === "mouse" && left()
    frame.onkeydown = (event) => {
      if (!stepped || event.ctrlKey || event.metaKey || event.altKey) return
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
      if (!step) return
      event.preventDefault() // or the page scrolls
      event.stopPropagation()
      stepped(step[0], step[1])
    }
  }
  return { figure, frame, canvas, caption, mark }
}

const within = (value, count) => Math.min(Math.max(value, 0), count - 1)

/** Returns the place of a convolution's or a pooling's result whose window has a square of the input in its middle. */
function placeUnder(node, row, column, channel) {
  const { layer, stage, shape } = node
  const [stride, above, left, size] =
    node.kind === "conv" ? [layer.stride, stage.above, stage.left, layer.kernel] : [layer.size, 0, 0, 1]
  const middle = (size - 1) / 2
  const nearest = (at, before) => (node.kind === "conv" ? Math.round((at + before - middle) / stride) : Math.floor(at / stride))
  return { row: within(nearest(row, above), shape[0]), column: within(nearest(column, left), shape[1]), channel }
}
