/**
 * Thousands of images as points on a canvas: move, zoom, point at one to see it, draw around some.
 * The state "lasso" is {polygon: [[x, y], ...], groups: [...]} in the points' own coordinates, or
 * null; the trigger "picked" is the place of a point that was clicked.
 */
const maps = new WeakMap()
const NONE = 255 // a point without a group
const COLUMNS = 100 // pictures a row of the sheet
const MOST_VERTICES = 200 // of a lasso
const NEAR = 12 // CSS pixels from the pointer to a point
const PICTURES = 260 // so many points in view or fewer are drawn as pictures
const MOST_ZOOM = 80

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const map = maps.get(root) ?? newMap(root)
  map.send = { setStateValue, setTriggerValue }
  map.update(data)
  return map.destroy
}

function newMap(root) {
  root.innerHTML = FRAME
  const find = (selector) => root.querySelector(selector)
  const canvas = find(".stage > canvas")
  const context = canvas.getContext("2d")
  const tip = find(".tip")
  const view = { zoom: 1, x: 0, y: 0 } // x, y: the point in the middle
  const pointers = new Map()
  const map = { points: new Float32Array(), chosen: new Set(), mode: "move", lasso: null, stroke: null }
  let frame = 0
  let hovered = -1

  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight })
  const unit = () => (view.zoom * Math.min(size().width, size().height) * 0.94) / 2
  const toScreen = (x, y) => [size().width / 2 + (x - view.x) * unit(), size().height / 2 - (y - view.y) * unit()]
  const toMap = (left, top) => [
    view.x + (left - size().width / 2) / unit(),
    view.y - (top - size().height / 2) / unit(),
  ]
  const isShown = (i) => {
    const group = map.group[i]
    return map.chosen.size === 0 || map.chosen.has(group)
  }
  const draw = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0
      paint()
    })
  }

  function paint() {
    const { width, height } = size()
    if (width === 0 || !map.group) return // in a closed tab, or before the first data
    const ratio = window.devicePixelRatio || 1
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    const radius = Math.min(7, (width < 500 ? 1.6 : 2.1) + 1.1 * Math.log2(view.zoom))
    const large = map.kind === "classes" ? radius : 1.35 * radius // answers stand out from the shadows
    const stamps = map.groups.map((_, group) => stamp(map.colours[group], shapeOf(map, group), large, ratio))
    const faint = stamp(map.theme.grid, 0, radius, ratio)
    const inView = []
    for (const i of map.order) {
      const [left, top] = toScreen(map.points[2 * i], map.points[2 * i + 1])
      if (left < -20 || top < -20 || left > width + 20 || top > height + 20 || !isShown(i)) continue
      inView.push([i, left, top])
    }
    if (map.sheet && inView.length <= PICTURES && view.zoom > 2) {
      for (const [i, left, top] of inView) {
        const edge = Math.min(44, 18 + 3 * Math.log2(view.zoom))
        context.fillStyle = map.group[i] === NONE ? map.theme.muted : map.colours[map.group[i]]
        context.fillRect(left - edge / 2 - 2, top - edge / 2 - 2, edge + 4, edge + 4)
        picture(context, map, i, left - edge / 2, top - edge / 2, edge)
      }
    } else {
      for (const [i, left, top] of inView) {
        const shadow = map.group[i] === NONE
        const half = (shadow ? radius : large) + 1
        context.drawImage(shadow ? faint : stamps[map.group[i]], left - half, top - half, 2 * half, 2 * half)
      }
      if (map.named) names(width, height)
    }
    if (hovered >= 0) {
      const [left, top] = toScreen(map.points[2 * hovered], map.points[2 * hovered + 1])
      context.strokeStyle = map.theme.text
      context.lineWidth = 2
      context.beginPath()
      context.arc(left, top, radius + 4, 0, 7)
      context.stroke()
    }
    const outline = map.stroke ?? map.lasso
    if (outline) {
      context.beginPath()
      for (const [x, y] of outline) context.lineTo(...toScreen(x, y))
      if (!map.stroke) context.closePath()
      context.strokeStyle = map.theme.text
      context.lineWidth = 1.5
      context.setLineDash([5, 4])
      context.stroke()
      context.setLineDash([])
      context.globalAlpha = 0.08
      context.fillStyle = map.theme.text
      context.fill()
      context.globalAlpha = 1
    }
  }

  /** Names at the middles of the groups, moved apart where they would cover each other. */
  function names(width, height) {
    context.font = `600 12px ${map.theme.font}`
    context.textAlign = "center"
    context.textBaseline = "middle"
    const placed = []
    map.middles.forEach((middle, group) => {
      if (!middle || (map.chosen.size && !map.chosen.has(group))) return
      let [left, top] = toScreen(...middle)
      if (left < 0 || left > width || top < 0 || top > height) return
      const wide = context.measureText(map.groups[group].title).width / 2 + 6
      left = Math.min(width - wide, Math.max(wide, left))
      while (placed.some((each) => Math.abs(each.left - left) < each.wide + wide && Math.abs(each.top - top) < 18)) top += 6
      placed.push({ left, top, wide, group })
    })
    for (const { left, top, wide, group } of placed) {
      context.globalAlpha = 0.86
      context.fillStyle = map.theme.paper
      context.beginPath()
      context.roundRect(left - wide, top - 9, 2 * wide, 18, 5)
      context.fill()
      context.globalAlpha = 1
      context.strokeStyle = map.colours[group]
      context.lineWidth = 1.5
      context.stroke()
      context.fillStyle = map.theme.text
      context.fillText(map.groups[group].title, left, top + 0.5)
    }
  }

  function nearest(left, top, within = NEAR) {
    let best = -1
    let least = within ** 2
    for (const i of map.order) {
      if (!isShown(i)) continue
      const [x, y] = toScreen(map.points[2 * i], map.points[2 * i + 1])
      const distance = (x - left) ** 2 + (y - top) ** 2
      if (distance <= least) [best, least] = [i, distance]
    }
    return best
  }

  function hover(i) {
    if (i === hovered) return
    hovered = i
    tip.hidden = i < 0
    draw()
    if (i < 0) return
    const [drawing, title, note] = tip.children
    const answer = map.answers?.[i]
    title.textContent = map.classes[map.labels[i]]
    const said = answer === undefined || answer === NONE ? "" : ` · answered ${map.classes[answer]}`
    note.textContent = `image ${map.indices[i]}${said}`
    drawing.hidden = !map.sheet
    const ink = drawing.getContext("2d")
    if (map.sheet) picture(ink, map, i, 0, 0, drawing.width)
    const { width, height } = size()
    const [left, top] = toScreen(map.points[2 * i], map.points[2 * i + 1])
    const x = left + 16 + 108 > width ? left - 16 - 108 : left + 16
    const y = Math.min(height - tip.offsetHeight - 4, Math.max(4, top - tip.offsetHeight / 2))
    tip.style.transform = `translate(${Math.max(4, x)}px, ${y}px)`
  }

  function zoomBy(factor, left = size().width / 2, top = size().height / 2) {
    const [x, y] = toMap(left, top)
    view.zoom = Math.min(MOST_ZOOM, Math.max(0.6, view.zoom * factor))
    const [newX, newY] = toMap(left, top)
    view.x += x - newX
    view.y += y - newY
    hover(-1)
    draw()
  }

  /** Zooms towards the points nearest to the middle, as the middle itself may be empty. */
  function zoomIn(factor) {
    const i = nearest(size().width / 2, size().height / 2, Infinity)
    if (i < 0) zoomBy(factor)
    else zoomBy(factor, ...toScreen(map.points[2 * i], map.points[2 * i + 1]))
  }

  function panBy(right, down) {
    view.x = Math.min(1.2, Math.max(-1.2, view.x - right / unit()))
    view.y = Math.min(1.2, Math.max(-1.2, view.y + down / unit()))
    hover(-1)
    draw()
  }

  function reset() {
    Object.assign(view, { zoom: 1, x: 0, y: 0 })
    hover(-1)
    draw()
  }

  function send(polygon) {
    map.lasso = polygon
    find(".clear").disabled = !polygon
    draw()
    const value = polygon && {
      polygon: polygon.map(([x, y]) => [Number(x.toFixed(4)), Number(y.toFixed(4))]),
      groups: [...map.chosen],
      kind: map.kind,
    }
    map.send.setStateValue("lasso", value)
  }

  function sendView() {
    const { width, height } = size()
    send([toMap(0, 0), toMap(width, 0), toMap(width, height), toMap(0, height)])
  }

  function setMode(mode) {
    map.mode = mode
    canvas.classList.toggle("lasso", mode === "lasso")
    find(".move").ariaPressed = String(mode === "move")
    find(".draw").ariaPressed = String(mode === "lasso")
  }

  const at = (event) => {
    const box = canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, at(event))
    map.moved = 0
    if (pointers.size === 2) map.stroke = null // two fingers zoom, also with the lasso in hand
    else if (map.mode === "lasso" || event.shiftKey) map.stroke = [toMap(...at(event))]
    canvas.classList.toggle("dragging", !map.stroke)
  }
  canvas.onpointermove = (event) => {
    const before = pointers.get(event.pointerId)
    const [left, top] = at(event)
    if (!before) {
      if (event.pointerType !== "touch") hover(nearest(left, top))
      return
    }
    map.moved += Math.hypot(left - before[0], top - before[1])
    if (map.stroke) {
      map.stroke.push(toMap(left, top))
      draw()
    } else if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place)
      const [old, now] = [Math.hypot(before[0] - other[0], before[1] - other[1]), Math.hypot(left - other[0], top - other[1])]
      if (old > 0) zoomBy(now / old, (left + other[0]) / 2, (top + other[1]) / 2)
    } else if (map.moved > 3) panBy(left - before[0], top - before[1])
    pointers.set(event.pointerId, [left, top])
  }
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!pointers.delete(event.pointerId)) return
    canvas.classList.remove("dragging")
    const stroke = map.stroke
    map.stroke = null
    if (event.type === "pointerup" && map.moved <= 4) {
      const i = nearest(...at(event))
      // A finger has no hover: its first tap shows the picture, the second one opens it.
      const opens = i >= 0 && (event.pointerType !== "touch" || i === hovered)
      hover(i)
      if (opens) map.send.setTriggerValue("picked", i)
    } else if (stroke && stroke.length > 3) {
      const step = Math.max(1, stroke.length / MOST_VERTICES)
      const kept = Array.from({ length: Math.floor(stroke.length / step) }, (_, k) => stroke[Math.floor(k * step)])
      send(kept)
    }
    draw()
  }
  canvas.onpointerleave = (event) => event.pointerType !== "touch" && hover(-1)
  canvas.addEventListener(
    "wheel",
    (event) => {
      // The wheel scrolls the page, as long as nobody works with the map.
      if (!event.ctrlKey && root.getRootNode().activeElement !== canvas) return
      event.preventDefault()
      zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...at(event))
    },
    { passive: false },
  )
  canvas.ondblclick = (event) => zoomBy(2, ...at(event))
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = {
      ArrowLeft: () => panBy(60, 0),
      ArrowRight: () => panBy(-60, 0),
      ArrowUp: () => panBy(0, 60),
      ArrowDown: () => panBy(0, -60),
      "+": () => zoomIn(1.4),
      "=": () => zoomIn(1.4),
      "-": () => zoomBy(1 / 1.4),
      0: reset,
      Enter: sendView,
      Escape: () => send(null),
    }[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }
  find(".move").onclick = () => setMode("move")
  find(".draw").onclick = () => setMode("lasso")
  find(".in").onclick = () => zoomIn(1.6)
  find(".out").onclick = () => zoomBy(1 / 1.6)
  find(".whole").onclick = reset
  find(".all").onclick = sendView
  find(".clear").onclick = () => send(null)

  const resizing = new ResizeObserver(draw)
  resizing.observe(canvas)
  map.destroy = () => {
    resizing.disconnect()
    cancelAnimationFrame(frame)
    maps.delete(root)
  }

  map.update = (data) => {
    map.theme = theme(root)
    if (map.data !== data.points) {
      const coordinates = new Uint16Array(decode(data.points))
      map.points = Float32Array.from(coordinates, (value) => value / 32767.5 - 1)
      map.indices = new Uint32Array(decode(data.indices))
      map.labels = new Uint8Array(decode(data.labels))
      map.data = data.points
      // The same order every time, but not class after class: none lies on top of all others.
      map.order = shuffled(map.labels.length)
    }
    const groups = data.groups.map((group) => group.title).join("\n")
    if (map.names !== groups) map.chosen.clear()
    map.names = groups
    fetchSheet(map, data.sheet, draw)
    map.group = new Uint8Array(decode(data.group))
    map.answers = data.answers && new Uint8Array(decode(data.answers))
    map.classes = data.classes
    map.groups = data.groups
    map.named = data.kind === "classes"
    map.colours = data.groups.map((group, i) =>
      data.kind === "classes" ? map.theme.classes[i % map.theme.classes.length] : group.kind === "wrong" ? map.theme.bad : map.theme.good,
    )
    map.kind = data.kind
    map.middles = data.groups.map((_, group) => middle(map, group))
    // What was drawn last is on top: mistakes over right answers over what was not judged.
    if (data.kind !== "classes") {
      const rank = (i) => (map.group[i] === NONE ? 0 : data.groups[map.group[i]].kind === "wrong" ? 2 : 1)
      map.order.sort((a, b) => rank(a) - rank(b) || a - b)
    }
    map.lasso = data.lasso
    find(".clear").disabled = !data.lasso
    canvas.ariaLabel = data.description
    legend(find(".legend"), map, () => {
      hover(-1)
      draw()
      if (map.lasso) send(map.lasso)
    })
    draw()
  }
  setMode("move")
  maps.set(root, map)
  return map
}

const FRAME = `
  <div class="tools" role="toolbar" aria-label="Map">
    <button type="button" class="move" title="Drag to move the map">Move</button>
    <button type="button" class="draw" title="Draw around points to see their images">Lasso</button>
    <button type="button" class="in" aria-label="Zoom in" title="Zoom in">+</button>
    <button type="button" class="out" aria-label="Zoom out" title="Zoom out">−</button>
    <button type="button" class="whole" title="Show the whole map">Whole map</button>
    <button type="button" class="all" title="Select all points in view">Select all in view</button>
    <button type="button" class="clear" title="Clear the selection">Clear</button>
  </div>
  <div class="stage">
    <canvas tabindex="0" role="application"></canvas>
    <div class="tip" hidden><canvas width="192" height="192"></canvas><strong></strong><span></span></div>
  </div>
  <div class="legend" role="group" aria-label="Show only"></div>
  <p class="keys">Keyboard: arrows move, + and − zoom, 0 shows all, Enter selects what is in view. Once you have
  clicked the map, the wheel zooms.</p>`

function legend(element, map, changed) {
  while (element.children.length > map.groups.length) element.lastChild.remove()
  while (element.children.length < map.groups.length) {
    const button = document.createElement("button")
    button.type = "button"
    button.append(document.createElement("canvas"), document.createElement("span"), document.createElement("small"))
    element.append(button)
  }
  const buttons = [...element.children]
  const mark = () =>
    buttons.forEach((button, i) => {
      button.ariaPressed = String(map.chosen.has(i))
      button.classList.toggle("faded", map.chosen.size > 0 && !map.chosen.has(i))
    })
  buttons.forEach((button, i) => {
    const [dot, title, count] = button.children
    dot.width = dot.height = 28
    dot.getContext("2d").drawImage(stamp(map.colours[i], shapeOf(map, i), 5, 2), 2, 2, 24, 24)
    title.textContent = map.groups[i].title
    count.textContent = map.groups[i].count.toLocaleString("en")
    button.title = `Show only ${map.groups[i].title}; several can be chosen`
    button.onclick = () => {
      if (!map.chosen.delete(i)) map.chosen.add(i)
      mark()
      changed()
    }
  })
  mark()
}

/** A dot, square, triangle or diamond of a colour, drawn once and then copied. */
const stamps = new Map()
function stamp(colour, shape, radius, ratio) {
  const rounded = Math.round(radius * 4) / 4
  const key = `${colour} ${shape} ${rounded} ${ratio}`
  if (stamps.has(key)) return stamps.get(key)
  if (stamps.size > 400) stamps.clear()
  const half = rounded + 1
  const canvas = new OffscreenCanvas(Math.ceil(2 * half * ratio), Math.ceil(2 * half * ratio))
  const context = canvas.getContext("2d")
  context.scale(canvas.width / (2 * half), canvas.width / (2 * half))
  context.translate(half, half)
  context.beginPath()
  const r = rounded
  if (shape === 1) context.rect(-0.86 * r, -0.86 * r, 1.72 * r, 1.72 * r)
  else if (shape === 2) polygon(context, [[0, -r], [r, 0.8 * r], [-r, 0.8 * r]])
  else if (shape === 3) polygon(context, [[0, -1.15 * r], [1.15 * r, 0], [0, 1.15 * r], [-1.15 * r, 0]])
  else context.arc(0, 0, r, 0, 7)
  context.closePath()
  context.fillStyle = colour
  context.fill()
  stamps.set(key, canvas)
  return canvas
}

function polygon(context, corners) {
  for (const [x, y] of corners) context.lineTo(x, y)
}

/** Shapes tell apart what colours alone might not: neighbours in the palette differ in both. */
function shapeOf(map, group) {
  if (map.kind !== "classes") return map.groups[group].kind === "wrong" ? 3 : 0
  const [colour, round] = [group % 10, Math.floor(group / 10)] // from the eleventh class on, colours come again
  return (colour + Math.floor(colour / 4) + round) % 4
}

/** Begins to fetch the sheet of pictures; the map works without it until it is there. */
function fetchSheet(map, url, then) {
  if (map.url === url) return
  map.url = url
  map.sheet = null
  const image = new Image()
  image.onload = () => {
    if (map.url !== url) return // other points in the meantime
    map.sheet = image
    then()
  }
  image.src = inApp(url)
}

/** Draws a picture of the sheet into a square, in its own proportions. */
function picture(context, map, i, left, top, edge) {
  const wide = map.sheet.width / COLUMNS
  const high = map.sheet.height / Math.ceil(map.labels.length / COLUMNS)
  const [x, y] = [(i % COLUMNS) * wide, Math.floor(i / COLUMNS) * high]
  const scale = edge / Math.max(wide, high)
  const [width, height] = [wide * scale, high * scale]
  context.imageSmoothingQuality = "high"
  context.clearRect(left, top, edge, edge)
  context.drawImage(map.sheet, x, y, wide, high, left + (edge - width) / 2, top + (edge - height) / 2, width, height)
}

/** The median of a group's points: unlike the mean it lies where many of them are. */
function middle(map, group) {
  const [xs, ys] = [[], []]
  for (let i = 0; i < map.group.length; i++)
    if (map.group[i] === group) {
      xs.push(map.points[2 * i])
      ys.push(map.points[2 * i + 1])
    }
  const median = (values) => Float32Array.from(values).sort()[values.length >> 1]
  return xs.length ? [median(xs), median(ys)] : null
}

function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  let seed = 1
  for (let i = count - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const j = seed % (i + 1)
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}

function decode(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer
}
