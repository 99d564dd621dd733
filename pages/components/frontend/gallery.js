/** Tiles of one sprite sheet as buttons; a click triggers "picked" with the tile's index. */
export default function ({ data, parentElement, setTriggerValue }) {
  const { sprite, columns, rows, tile, captions, labels, marked, selected } = data
  const root = parentElement.querySelector(".root")

  root.style.setProperty("--tile", `${tile}px`)
  root.style.setProperty("--sheet", `${columns * tile}px ${rows * tile}px`)
  // A variable, so that the sheet's 100 KB are in the document once and not once a tile.
  root.style.setProperty("--sprite", `url("${sprite}")`)

  // Tiles are kept and changed in place, so that the focus survives an update.
  while (root.children.length > captions.length) root.lastChild.remove()
  while (root.children.length < captions.length) root.append(newTile())
  const tiles = [...root.children]

  tiles.forEach((button, i) => {
    const [picture, caption] = button.children
    picture.style.backgroundPosition = `-${(i % columns) * tile}px -${Math.floor(i / columns) * tile}px`
    caption.textContent = captions[i]
    button.classList.toggle("marked", Boolean(marked?.[i]))
    button.ariaLabel = labels[i]
    button.title = labels[i]
    button.ariaCurrent = i === selected ? "true" : null
    button.onclick = () => setTriggerValue("picked", i)
  })

  moveFocusWithArrowKeys(root, tiles, () => getComputedStyle(root).gridTemplateColumns.split(" ").length)
}

function newTile() {
  const button = document.createElement("button")
  button.type = "button"
  const picture = document.createElement("span")
  picture.className = "picture"
  const caption = document.createElement("span")
  caption.className = "caption"
  button.append(picture, caption)
  return button
}
