/** One bar a class. Rows are kept between updates, so that the bars glide to their new width. */
export default function ({ data, parentElement }) {
  const { classes, probabilities, truth } = data
  const root = parentElement.querySelector(".root")
  root.setAttribute("role", "list")
  root.ariaLabel = "Probability of each class"

  while (root.children.length > classes.length) root.lastChild.remove()
  while (root.children.length < classes.length) root.append(newRow())

  const top = probabilities.indexOf(Math.max(...probabilities))
  classes.forEach((name, i) => {
    const row = root.children[i]
    const [label, track, value] = row.children
    row.classList.toggle("top", i === top && probabilities[i] > 0)
    row.classList.toggle("true", i === truth)
    label.textContent = name
    label.title = name
    track.firstChild.style.transform = `translateX(${(probabilities[i] - 1) * 100}%)`
    value.textContent = `${(probabilities[i] * 100).toFixed(1)} %`
    if (i === truth) label.append(newMark())
  })
}

function newRow() {
  const row = document.createElement("div")
  row.setAttribute("role", "listitem")
  row.innerHTML = '<span class="name"></span><span class="track"><span></span></span><span class="value"></span>'
  return row
}

function newMark() {
  const mark = document.createElement("span")
  mark.className = "mark"
  mark.textContent = "✓ true"
  return mark
}
