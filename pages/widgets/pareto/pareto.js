/** Counts as rows of buttons, the largest first; a click triggers "picked" with the row's index. */
export default function ({ data, parentElement, setTriggerValue }) {
  const { rows, selected, label } = data
  const root = parentElement.querySelector(".root")
  root.setAttribute("role", "group")
  root.ariaLabel = label

  // Rows are kept and changed in place, so that the focus survives an update.
  while (root.children.length > rows.length) root.lastChild.remove()
  while (root.children.length < rows.length) root.append(newRow())
  const buttons = [...root.children]

  buttons.forEach((button, i) => {
    const { title, count, share, cumulative, words } = rows[i]
    const [name, track, counted, shared] = button.children
    const [before, own] = track.children
    name.textContent = title
    counted.textContent = count.toLocaleString("en")
    shared.textContent = `${(100 * cumulative).toFixed(0)} %`
    before.style.width = `${100 * (cumulative - share)}%`
    own.style.width = `${100 * share}%`
    button.ariaLabel = words
    button.title = words
    button.ariaPressed = String(i === selected)
    button.onclick = () => setTriggerValue("picked", i)
  })
  moveFocusWithArrowKeys(root, buttons, () => 1)
}

function newRow() {
  const button = document.createElement("button")
  button.type = "button"
  button.innerHTML =
    '<span class="name"></span><span class="track"><span class="before"></span><span class="own"></span></span>' +
    '<span class="count"></span><span class="sum"></span>'
  return button
}
