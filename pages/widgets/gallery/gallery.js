/** Tiles of one sprite sheet as buttons; a click triggers "picked" with the tile's index. */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const url = inApp(data.sheet)
  const pick = (i) => setTriggerValue("picked", i)
  const draw = () => drawTiles(root, url, data, pick)

  root.wanted = draw
  if (root.shown === url) return draw()
  // The first tiles take their room at once, so that nothing below them moves under a pointer.
  if (root.shown === undefined) drawTiles(root, "", data, pick)
  // After that they change when their pictures are there: nobody sees an old picture over a new name.
  const sheet = new Image()
  sheet.src = url
  const drawIfWanted = () => root.wanted === draw && draw()
  sheet.decode().then(drawIfWanted, drawIfWanted)
}

function drawTiles(root, url, { columns, rows, width, height, smooth, captions, labels, marked, selected, follow }, pick) {
  root.shown = url
  root.style.setProperty("--width", `${width}px`)
  root.style.setProperty("--rendering", smooth ? "auto" : "pixelated")
  root.style.setProperty("--height", `${height}px`)
  root.style.setProperty("--sheet", `${columns * width}px ${rows * height}px`)
  root.style.setProperty("--sprite", url ? `url("${url}")` : "none")

  // Tiles are kept and changed in place, so that the focus survives an update.
  while (root.children.length > captions.length) root.lastChild.remove()
  while (root.children.length < captions.length) root.append(newTile())
  const tiles = [...root.children]

  tiles.forEach((button, i) => {
    const [picture, caption] = button.children
    picture.style.backgroundPosition = `-${(i % columns) * width}px -${Math.floor(i / columns) * height}px`
    caption.textContent = captions[i]
    button.classList.toggle("marked", Boolean(marked?.[i]))
    button.ariaLabel = labels[i]
    button.title = labels[i]
    button.ariaCurrent = i === selected ? "true" : null
    button.onclick = () => {
      // At once, and not only when the server has answered.
      if (selected !== null || follow) {
        for (const tile of tiles) tile.ariaCurrent = tile === button ? "true" : null
      }
      pick(i)
    }
  })

  moveFocusWithArrowKeys(
    root,
    tiles,
    () => getComputedStyle(root).gridTemplateColumns.split(" ").length,
    follow ? (button) => button.click() : undefined,
  )
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
