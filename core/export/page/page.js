/** The page: a sheet to draw on, a picture from a file, and the answer as bars. */

const PEN_WIDTH = 16 // px on a sheet of 300, as in the app
const LARGEST_SIDE = 1600 // px; as the app, the page reads no more of a picture
const MOST_BYTES = 25_000_000 // of a picture file
const SHOWN = 10 // classes with a bar
const REFUSED = 0.8 // doubt from which on a picture is none of the classes, as core/classify/rejection.py
const SURE = 0.5
const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id)
const plan = JSON.parse(element("plan").textContent)
const ask = network(plan, unpackedWeights(element("weights").textContent.trim()))

const sheet = element("drawing").getContext("2d", { willReadFrequently: true })
/** @type {number[][][]} */
const strokes = []
/** @type {Picture | null} the picture that was chosen; null while one draws */
let chosen = null

/** Returns what is on a canvas, on white where it is transparent. */
function pictureOn(context) {
  const { width, height } = context.canvas
  const levels = context.getImageData(0, 0, width, height).data
  const values = new Uint8Array(3 * width * height)
  for (let i = 0, at = 0; at < levels.length; at += 4) {
    for (let channel = 0; channel < 3; channel++) values[i++] = levels[at + channel]
  }
  return { width, height, channels: 3, values }
}

/** Shows what the network answers to a picture. */
function answerTo(picture, kind = "") {
  const found = prepared(picture, plan.frame, kind)
  if (!found) return complain("The picture is a single colour: there is nothing to recognise. Choose another one.")
  const probabilities = ask(found.pixels.values)
  element("problem").hidden = true
  showSeen(found)
  showAnswer(probabilities)
}

/** Says what is wrong, and shows no answer. */
function complain(sentence) {
  forgetAnswer()
  element("problem").textContent = sentence
  element("problem").hidden = false
}

/** Returns how little an answer looks like any of the classes, 0 to 1: its entropy over the largest one. */
function doubtOf(probabilities) {
  const entropy = probabilities.reduce((sum, share) => sum - Math.max(share, 1e-12) * Math.log(Math.max(share, 1e-12)), 0)
  return probabilities.length > 1 ? entropy / Math.log(probabilities.length) : 0
}

/** Says the answer in words and as bars, the likeliest first. */
function showAnswer(probabilities) {
  const order = Array.from(probabilities, (_, i) => i).sort((a, b) => probabilities[b] - probabilities[a])
  const best = probabilities[order[0]]
  const name = `\u2068${plan.classes[order[0]]}\u2069` // whatever direction it is written in
  const refused = doubtOf(probabilities) >= REFUSED
  const count = NUMBERS[plan.classes.length] ?? plan.classes.length.toLocaleString("en")
  const sure = `${name} (${Math.floor(100 * best)}\u00a0%)`
  element("answer").textContent = refused
    ? `Probably none of the ${count}`
    : `${best >= SURE ? "It is" : "Best guess"}: ${sure}`
  element("closest").textContent = `The closest is ${sure}.`
  element("closest").hidden = !refused
  showBars(order, probabilities)
}

function showBars(order, probabilities) {
  const rows = element("bars").children
  order.slice(0, SHOWN).forEach((label, place) => {
    const row = rows[place] ?? newRow()
    row.className = place === 0 ? "likeliest" : ""
    row.children[0].textContent = row.children[0].title = plan.classes[label]
    row.children[1].firstChild.style.transform = `translateX(${100 * probabilities[label] - 100}%)`
    row.children[2].textContent = `${(100 * probabilities[label]).toFixed(1)} %`
  })
  element("more").textContent = `The ${SHOWN} likeliest of ${order.length.toLocaleString("en")} classes.`
  element("more").hidden = order.length <= SHOWN
}

function newRow() {
  const row = document.createElement("li")
  const name = document.createElement("bdi")
  const track = document.createElement("span")
  const value = document.createElement("span")
  name.className = "name"
  track.className = "track"
  value.className = "value"
  track.append(document.createElement("span"))
  row.append(name, track, value)
  return element("bars").appendChild(row)
}

/** Shows the pixels that the network was asked about. */
function showSeen({ pixels, kind, even, found }) {
  const { width, height, channels, values } = pixels
  const canvas = element("pixels")
  canvas.width = width
  canvas.height = height
  const image = new ImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * i + channel] = values[i * channels + (channel % channels)]
    image.data[4 * i + 3] = 255
  }
  canvas.getContext("2d").putImageData(image, 0, 0)
  element("seen-words").textContent = seenWords(`${width} × ${height} pixels`, kind, even, found)
}

function seenWords(size, kind, even, found) {
  if (!kind) return `What the network sees: the middle of the picture, in ${size}.`
  const words = `What the network sees: ${size}, prepared as a ${kind}.`
  if (kind === "photo" && !found) return `${words} No object stands out. Put it on a plain background.`
  if (kind === "photo" && !even) {
    return `${words} The background is uneven; on a plain one the object is found more surely.`
  }
  return words
}

function forgetAnswer() {
  element("answer").textContent = "The network waits for a picture"
  element("bars").replaceChildren()
  element("pixels").getContext("2d").clearRect(0, 0, element("pixels").width, element("pixels").height)
  element("seen-words").textContent = "What the network sees appears here."
  for (const id of ["closest", "more", "problem"]) element(id).hidden = true
}

// --- Drawing ----------------------------------------------------------------------------------------------------

/** Draws all strokes anew, white on black. */
function redraw() {
  const { width, height } = sheet.canvas
  sheet.fillStyle = "#000"
  sheet.fillRect(0, 0, width, height)
  sheet.strokeStyle = "#fff"
  sheet.lineWidth = PEN_WIDTH
  sheet.lineCap = sheet.lineJoin = "round"
  for (const stroke of strokes) {
    sheet.beginPath()
    sheet.moveTo(stroke[0][0], stroke[0][1])
    stroke.forEach(([x, y], i) => {
      const [nextX, nextY] = stroke[i + 1] ?? [x, y]
      sheet.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2)
    })
    sheet.stroke()
  }
  element("invitation").hidden = strokes.length > 0 || chosen !== null
}

/** Shows the sheet or the picture that was chosen, what can be done with it, and the answer to it. */
function refresh() {
  redraw()
  element("drawing").hidden = chosen !== null
  element("chosen").hidden = chosen === null
  element("picture-title").textContent = chosen ? "Your picture" : "Draw one thing"
  element("clear").textContent = chosen ? "Back to drawing" : "Clear"
  element("clear").disabled = !chosen && !strokes.length
  element("undo").hidden = chosen !== null
  element("undo").disabled = !strokes.length
  element("kind-field").hidden = chosen === null || plan.frame.channels === 3
  if (chosen) answerTo(chosen, element("kind").value)
  else if (strokes.length) answerTo(pictureOn(sheet))
  else forgetAnswer()
}

function placeOf(event) {
  const box = sheet.canvas.getBoundingClientRect()
  const { width, height } = sheet.canvas
  return [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height]
}

let drawingPointer = -1

sheet.canvas.addEventListener("pointerdown", (event) => {
  if (drawingPointer !== -1 || event.button !== 0) return
  event.preventDefault()
  drawingPointer = event.pointerId
  sheet.canvas.setPointerCapture(event.pointerId)
  strokes.push([placeOf(event)])
  redraw()
})

sheet.canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== drawingPointer) return
  const events = event.getCoalescedEvents?.() ?? []
  strokes.at(-1).push(...(events.length ? events : [event]).map(placeOf))
  redraw()
})

for (const kind of ["pointerup", "pointercancel"]) {
  sheet.canvas.addEventListener(kind, (event) => {
    if (event.pointerId !== drawingPointer) return
    drawingPointer = -1
    refresh()
  })
}

element("clear").addEventListener("click", () => {
  if (chosen) chosen = null
  else strokes.length = 0
  refresh()
})

element("undo").addEventListener("click", () => {
  strokes.pop()
  refresh()
})

// --- Pictures from files ----------------------------------------------------------------------------------------

/** Reads a picture file and shows the answer to it. */
async function open(file) {
  if (file.size > MOST_BYTES) {
    complain(`The file has ${Math.ceil(file.size / 1e6)} MB; at most ${MOST_BYTES / 1e6} can be read. Make it smaller.`)
    return
  }
  let bitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch {
    complain("The file is no picture that this browser can read. Choose a JPEG or PNG file.")
    return
  }
  const context = drawnSmall(bitmap)
  bitmap.close()
  chosen = pictureOn(context)
  element("kind").value = ""
  showChosen(context.canvas)
  refresh()
}

/** Draws a picture on a canvas of its own, upright, on white, its longest side at most LARGEST_SIDE. */
function drawnSmall(bitmap) {
  const share = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement("canvas")
  canvas.width = Math.max(1, Math.round(bitmap.width * share))
  canvas.height = Math.max(1, Math.round(bitmap.height * share))
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.fillStyle = "#fff"
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = "high"
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  return context
}

/** Shows the whole of a picture in the sheet's place. */
function showChosen(picture) {
  const canvas = element("chosen")
  const share = Math.min(canvas.width / picture.width, canvas.height / picture.height)
  const [width, height] = [picture.width * share, picture.height * share]
  const context = canvas.getContext("2d")
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingEnabled = share < 1
  context.drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height)
}

element("choose").addEventListener("click", () => element("file").click())

element("file").addEventListener("change", () => {
  const [file] = element("file").files
  if (file) open(file)
  element("file").value = "" // the same file can be chosen again
})

element("kind").addEventListener("change", refresh)

document.addEventListener("dragover", (event) => event.preventDefault())
document.addEventListener("drop", (event) => {
  event.preventDefault()
  const [file] = event.dataTransfer.files
  if (file) open(file)
})
document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files
  if (file) open(file)
})

refresh()
