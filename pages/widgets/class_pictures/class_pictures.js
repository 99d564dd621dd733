/** The mean image and the spread of each class on a button; a click triggers "picked" with the class. */
export default function ({ data, parentElement, setTriggerValue }) {
  const { sheet, columns, rows, ratio, classes, counts, chosen } = data
  const root = parentElement.querySelector(".root")
  const url = inApp(sheet)
  root.style.setProperty("--sprite", `url("${url}")`)
  root.style.setProperty("--sheet", `${100 * columns}% ${100 * rows}%`)
  root.style.setProperty("--ratio", ratio)

  // Cards are kept and changed in place, so that the focus survives an update.
  while (root.children.length > classes.length) root.lastChild.remove()
  while (root.children.length < classes.length) root.append(newCard())
  const cards = [...root.children]

  // A sheet that is n pictures wide is shifted from 0 to 100 % in n - 1 steps.
  const share = (place, count) => (count > 1 ? (100 * place) / (count - 1) : 0)
  cards.forEach((card, label) => {
    const [pair, name, note] = card.children
    card.classList.toggle("empty", counts[label] === 0)
    ;[...pair.children].forEach((picture, i) => {
      const at = label + i * classes.length
      picture.style.backgroundPosition = `${share(at % columns, columns)}% ${share(Math.floor(at / columns), rows)}%`
    })
    name.textContent = classes[label]
    note.textContent = counts[label] === 1 ? "1 image" : `${counts[label].toLocaleString("en")} images`
    card.ariaLabel = card.title = `${classes[label]}: mean and spread of ${note.textContent}`
    card.ariaPressed = String(label === chosen)
    card.onclick = () => setTriggerValue("picked", label)
  })

  moveFocusWithArrowKeys(root, cards, () => getComputedStyle(root).gridTemplateColumns.split(" ").length)
}

function newCard() {
  const span = (className, ...children) => {
    const element = Object.assign(document.createElement("span"), { className })
    element.append(...children)
    return element
  }
  const card = Object.assign(document.createElement("button"), { type: "button" })
  card.append(span("pair", span("picture"), span("picture")), span("name"), span("note"))
  return card
}
