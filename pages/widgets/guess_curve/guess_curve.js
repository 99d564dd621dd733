/** A curve drawn over the epochs: drag over the field, or move each point with the arrow keys. */
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root")
  const field = root.guessField ?? newField(root)
  root.guessField = field
  field.update(data, (curve) => setStateValue("curve", curve))
}

const [HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [260, 52, 34, 12, 14] // CSS pixels
const ROOM = 44 // CSS pixels for the number of an epoch
const FINGER = 32 // CSS pixels that it covers
const POINT = 6 // CSS pixels of the radius of a point, at most
const USUAL = 640 // CSS pixels, before the width is known
const SVG = "http://www.w3.org/2000/svg"

/** Returns the epoch (from 0) and the value at a point of the screen; `box` is the field's place on it. */
function valueAt({ clientX, clientY }, box, { epochs, low, high }) {
  const across = (clientX - box.left - LEFT) / (box.width - LEFT - RIGHT)
  const up = 1 - (clientY - box.top - TOP) / (box.height - TOP - BOTTOM)
  const i = Math.min(epochs - 1, Math.max(0, Math.round(across * (epochs - 1))))
  return [i, Math.min(high, Math.max(low, low + up * (high - low)))]
}

/**
 * One stroke of a finger, a pen or a mouse, from its first touch to its last. A quick one leaves epochs
 * out: those between get what lies between.
 * @param {(event: any) => number[]} read epoch and value of an event
 * @param {(epoch: number, value: number) => void} set
 * @param {() => void} end is called once, when the last point has been set
 */
function newStroke(read, set, end) {
  let last = null
  let pointer = null
  const follow = (event) => {
    const [i, value] = read(event)
    const [from, before] = last ?? [i, value]
    for (let k = Math.min(from, i) + 1; k < Math.max(from, i); k++) set(k, before + ((value - before) * (k - from)) / (i - from))
    set(i, value)
    last = [i, value]
  }
  const finish = () => {
    last = null
    pointer = null
    end()
  }
  const own = (event, act) => {
    if (event.pointerId !== pointer) return false // a mouse that only passes, or a second finger
    act()
    return true
  }
  // Each tells whether it did something.
  return {
    down: (event) => {
      pointer ??= event.pointerId
      return own(event, () => follow(event))
    },
    move: (event) => own(event, () => follow(event)),
    up: (event) =>
      own(event, () => {
        follow(event) // it may be elsewhere than the last move
        finish()
      }),
    /** The browser took the pointer away: where it is now says nothing, what was drawn counts. */
    cancel: (event) => own(event, finish),
  }
}

/** Fills epochs that a stroke left out at either end, if they are so few that a finger covers them. */
function complete(values, few) {
  const first = values.findIndex((value) => value !== null)
  const last = values.findLastIndex((value) => value !== null)
  if (first < 0) return
  if (first <= few) values.fill(values[first], 0, first)
  if (values.length - 1 - last <= few) values.fill(values[last], last + 1)
}

/** Returns what the line under the field says: how to draw, or which epochs are missing. */
function legendOf(values, { drawn, found }) {
  if (drawn) return found.length ? "Dashed: your guess. Solid: what came out." : "Dashed: your guess."
  const missing = values.flatMap((value, i) => (value === null ? [i + 1] : []))
  if (missing.length === values.length) return "Draw from the first epoch to the last, or use Tab and the arrow keys."
  if (!missing.length) return "Draw over it to change it."
  const parts = missing.flatMap((epoch, i) => {
    if (missing[i - 1] === epoch - 1) return []
    let to = epoch
    while (missing.includes(to + 1)) to += 1
    return [to > epoch ? `${epoch} to ${to}` : `${epoch}`]
  })
  return `Not drawn yet: ${missing.length === 1 ? "epoch" : "epochs"} ${parts.join(", ")}.`
}

function newField(root) {
  root.innerHTML = `
    <p class="title"></p>
    <svg role="group">
      <g class="axes"></g><polyline class="found" /><polyline class="drawn" /><g class="points"></g>
    </svg>
    <p class="legend"></p>`
  const svg = root.querySelector("svg")
  /** @type {{data: any, tell: (curve: number[]) => void, values: (number | null)[], update: any}} */
  const field = { data: null, tell: () => {}, values: [], update: null }

  let width = USUAL
  const x = (i) => LEFT + (width - LEFT - RIGHT) * (field.data.epochs === 1 ? 0.5 : i / (field.data.epochs - 1))
  const step = () => (width - LEFT - RIGHT) / Math.max(1, field.data.epochs - 1)
  const y = (value) => {
    const { low, high } = field.data
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))
  }
  const path = (values) => values.map((value, i) => (value === null ? "" : `${x(i)},${y(value)}`)).join(" ")
  const words = (value) => (value === null ? "not drawn yet" : `${Number(value.toPrecision(3))}${field.data.unit ? ` ${field.data.unit}` : ""}`)

  const draw = () => {
    const { found, drawn, epochs } = field.data
    root.querySelector(".drawn").setAttribute("points", path(field.values))
    root.querySelector(".found").setAttribute("points", path(found.slice(0, epochs)))
    root.querySelector(".legend").textContent = legendOf(field.values, field.data)
    const points = root.querySelector(".points")
    while (points.children.length > epochs) points.lastChild.remove()
    while (points.children.length < epochs) points.append(document.createElementNS(SVG, "circle"))
    ;[...points.children].forEach((point, i) => {
      const value = field.values[i]
      point.setAttribute("cx", String(x(i)))
      point.setAttribute("cy", String(y(value ?? field.data.low)))
      point.setAttribute("r", String(Math.min(POINT, Math.max(2, 0.4 * step()))))
      point.classList.toggle("empty", value === null)
      if (drawn) return
      point.setAttribute("tabindex", "0")
      point.setAttribute("role", "slider")
      point.setAttribute("aria-label", `Epoch ${i + 1}`)
      point.setAttribute("aria-valuemin", String(field.data.low))
      point.setAttribute("aria-valuemax", String(field.data.high))
      point.setAttribute("aria-valuenow", String(value ?? field.data.low))
      point.setAttribute("aria-valuetext", words(value))
    })
  }

  const axes = () => {
    const { low, high, epochs, title, unit } = field.data
    root.querySelector(".title").textContent = `${title}${unit ? ` (${unit})` : ""}`
    const parts = [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const value = low + share * (high - low)
      return `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(value)}" y2="${y(value)}" /><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${Number(value.toPrecision(3))}</text>`
    })
    const every = Math.max(1, Math.ceil(ROOM / step()))
    for (let i = 0; i < epochs; i += every) parts.push(`<text x="${x(i)}" y="${HEIGHT - 14}" text-anchor="middle">${i + 1}</text>`)
    root.querySelector(".axes").innerHTML = parts.join("")
    svg.setAttribute("aria-label", `${title} by epoch`)
  }

  const set = (i, value) => {
    field.values[i] = value
  }
  const tell = () => {
    if (field.values.every((value) => value !== null)) field.tell([...field.values])
  }
  const stroke = newStroke(
    (event) => valueAt(event, svg.getBoundingClientRect(), field.data),
    set,
    () => {
      complete(field.values, FINGER / step())
      tell()
    },
  )
  svg.addEventListener("pointerdown", (event) => {
    if (field.data.drawn) return
    svg.setPointerCapture(event.pointerId)
    if (stroke.down(event)) draw()
  })
  for (const [name, act] of Object.entries({ pointermove: stroke.move, pointerup: stroke.up, pointercancel: stroke.cancel, lostpointercapture: stroke.cancel })) {
    svg.addEventListener(name, (event) => {
      if (act(event)) draw()
    })
  }
  svg.addEventListener("keydown", (event) => {
    const i = [...root.querySelector(".points").children].indexOf(/** @type {Element} */ (event.target))
    const { low, high, drawn } = field.data
    const moves = { ArrowUp: 0.02, ArrowDown: -0.02, PageUp: 0.1, PageDown: -0.1 }
    const move = moves[event.key]
    if (drawn || i < 0 || move === undefined) return
    event.preventDefault()
    set(i, Math.min(high, Math.max(low, (field.values[i] ?? low) + move * (high - low))))
    draw()
    tell()
  })

  const seen = () => Math.round(svg.getBoundingClientRect().width)
  const paint = () => {
    width = seen() || USUAL
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`)
    axes()
    draw()
  }
  field.update = (data, told) => {
    const begun = (each) => JSON.stringify([each?.epochs, each?.drawn, each?.start])
    const anew = begun(field.data) !== begun(data)
    Object.assign(field, { data, tell: told })
    if (anew) field.values = [...(data.drawn ?? data.start ?? Array(data.epochs).fill(null))]
    svg.classList.toggle("fixed", Boolean(data.drawn))
    paint()
  }
  new ResizeObserver(() => {
    if (field.data && seen() && seen() !== width) paint()
  }).observe(svg)
  return field
}
