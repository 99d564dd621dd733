/**
 * A picture with its mask and crop, and a brush and a frame to change them by mouse, finger or keys.
 *
 * What was painted is a layer of 0 (as found), 1 (added) and 2 (erased) over the mask, at most 256
 * pixels a side. It lives here, and all of it is told whenever the pen is lifted, so that no message
 * depends on one before. The server's layer is taken only when its token is another one.
 */
const TOOLS = { look: "Look", add: "Add", erase: "Erase", crop: "Crop" }
const HINTS = {
  look: ["The bright part was detected as the object.", "The coloured part was detected as ink."],
  add: ["Paint over what belongs to the object.", "Draw the ink that is missing."],
  erase: ["Paint over what does not belong to it.", "Erase what does not belong to it."],
  crop: ["Drag the frame or one of its corners.", "Drag the frame or one of its corners."],
}
const CORNERS = { nw: "Upper left", ne: "Upper right", sw: "Lower left", se: "Lower right" }
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const SMALLEST = 0.05 // share of the picture that a crop has at least, as the server checks it
const UNDOS = 50
const PAUSE = 400 // ms after the last key before the server is told

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  if (!root.firstChild) build(root)
  const { stage, picture, painted, frame, brush, tools, size, undo, again, hint } = root.parts

  if (root.token !== data.token) {
    Object.assign(root, { token: data.token, layer: unpack(data.layer, 2, data), box: data.custom })
    Object.assign(root, { undos: [], tool: data.tools.includes(root.tool) ? root.tool : data.tools[0], at: [0.5, 0.5] })
    painted.width = data.width
    painted.height = data.height
    stage.style.setProperty("--ratio", data.width / data.height)
  }
  const mask = data.mask && unpack(data.mask, 1, data)
  const source = inApp(data.picture)
  if (picture.src !== source) picture.src = source

  const tell = () => {
    clearTimeout(root.waiting)
    root.waiting = null
    const layer = root.layer.some((value) => value) ? pack(root.layer) : null
    setTriggerValue("edit", { token: data.token, layer, box: root.box })
  }
  const tellSoon = () => {
    clearTimeout(root.waiting)
    root.waiting = setTimeout(tell, PAUSE)
  }
  const remember = () => {
    root.undos.push({ layer: root.layer.slice(), box: root.box })
    root.undos.splice(0, root.undos.length - UNDOS)
  }

  const show = () => {
    const edited = Boolean(root.box) || root.layer.some((value) => value)
    undo.disabled = root.undos.length === 0
    again.disabled = !edited
    for (const button of tools.children) {
      button.ariaChecked = String(button.value === root.tool)
      button.tabIndex = button.value === root.tool ? 0 : -1
      button.hidden = !data.tools.includes(button.value)
    }
    tools.hidden = data.tools.length < 2
    const brushes = root.tool === "add" || root.tool === "erase"
    size.parentElement.classList.toggle("off", !brushes)
    size.disabled = !brushes
    const masked = data.tools.includes("add") // without a brush there is no mask
    size.parentElement.hidden = !masked
    root.className = `root ${root.tool}`
    if (brushes) stage.tabIndex = 0
    else stage.removeAttribute("tabindex")
    const known = masked ? HINTS.look[data.ink ? 1 : 0] : "Only what is inside the frame is used."
    const looked = masked && data.mask === null ? "Nothing has been detected yet." : known
    const said = root.tool === "look" ? looked : HINTS[root.tool][data.ink ? 1 : 0]
    if (hint.textContent !== said) hint.textContent = said
    const [left, top, right, bottom] = root.box ?? data.box
    Object.assign(frame.style, { left: share(left), top: share(top), width: share(right - left), height: share(bottom - top) })
    paint(painted, mask, root.layer, data.ink, getComputedStyle(root).getPropertyValue("--st-primary-color"))
  }
  const showSoon = () => {
    root.drawing ??= requestAnimationFrame(() => {
      root.drawing = null
      show()
    })
  }

  const radius = () => (Number(size.value) / 200) * Math.max(data.width, data.height)
  const stamp = (from, to) => {
    const value = root.tool === "add" ? 1 : 2
    const steps = Math.max(1, Math.ceil(Math.hypot((to[0] - from[0]) * data.width, (to[1] - from[1]) * data.height) / 2))
    for (let i = 0; i <= steps; i++) {
      const x = from[0] + ((to[0] - from[0]) * i) / steps
      const y = from[1] + ((to[1] - from[1]) * i) / steps
      dab(root.layer, data, x * data.width, y * data.height, radius(), value)
    }
    showSoon()
  }
  const aim = (at, seen = true) => {
    root.at = at
    brush.hidden = !seen
    Object.assign(brush.style, { left: share(at[0]), top: share(at[1]), width: share((2 * radius()) / data.width) })
  }
  const place = (event) => {
    const area = stage.getBoundingClientRect()
    return [clamp((event.clientX - area.left) / area.width), clamp((event.clientY - area.top) / area.height)]
  }

  stage.onpointerdown = (event) => {
    if (root.tool === "look" || event.button > 0) return
    const at = place(event)
    if (root.tool === "crop") {
      const corner = event.target.dataset.corner
      if (!corner && event.target !== frame) return
      root.drag = { at, box: root.box ?? data.box, corner }
    } else {
      root.drag = { at }
    }
    remember()
    stage.setPointerCapture(event.pointerId)
    if (root.tool !== "crop") {
      aim(at)
      stamp(at, at)
    }
  }
  stage.onpointermove = (event) => {
    const at = place(event)
    if (root.tool === "add" || root.tool === "erase") aim(at)
    if (!root.drag) return
    if (root.tool === "crop") {
      const by = [at[0] - root.drag.at[0], at[1] - root.drag.at[1]]
      root.box = reshaped(root.drag.box, root.drag.corner, by)
      showSoon()
    } else {
      stamp(root.drag.at, at)
      root.drag.at = at
    }
  }
  stage.onpointerup = stage.onpointercancel = () => {
    if (!root.drag) return
    root.drag = null
    tell()
  }
  stage.onpointerleave = () => {
    if (!root.drag) brush.hidden = true
  }
  stage.onblur = () => {
    brush.hidden = true
  }
  stage.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = ARROWS[event.key]
    const corner = event.target.dataset?.corner
    if (corner && step) {
      if (!root.waiting) remember()
      root.box = reshaped(root.box ?? data.box, event.shiftKey ? undefined : corner, [step[0] / 50, step[1] / 50])
      show()
      tellSoon()
    } else if (step && event.target === stage) {
      const far = Math.max(1, radius()) / Math.max(data.width, data.height)
      aim([clamp(root.at[0] + step[0] * far), clamp(root.at[1] + step[1] * far)])
    } else if ((event.key === " " || event.key === "Enter") && event.target === stage) {
      remember()
      aim(root.at)
      stamp(root.at, root.at)
      tellSoon()
    } else return
    event.preventDefault() // or the page scrolls
    event.stopPropagation()
  }
  root.onkeydown = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault()
      if (!undo.disabled) undo.onclick()
    }
  }

  const choose = (tool) => {
    root.tool = tool
    brush.hidden = true
    show()
  }
  tools.onclick = (event) => event.target.value && choose(event.target.value)
  tools.onkeydown = (event) => {
    const step = ARROWS[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const next = data.tools.indexOf(root.tool) + step[0] + step[1]
    choose(data.tools[(next + data.tools.length) % data.tools.length])
    tools.querySelector('[aria-checked="true"]').focus()
  }
  size.oninput = () => aim(root.at)
  undo.onclick = () => {
    Object.assign(root, root.undos.pop())
    show()
    tell()
  }
  again.onclick = () => {
    remember()
    root.layer.fill(0)
    root.box = null
    show()
    tell()
  }
  show()
}

function build(root) {
  root.innerHTML = `
    <div class="bar">
      <div class="tools" role="radiogroup" aria-label="Tool">
        ${Object.entries(TOOLS).map(([value, name]) => `<button type="button" role="radio" value="${value}">${name}</button>`).join("")}
      </div>
      <button type="button" class="plain">Undo</button>
      <button type="button" class="plain">Start over</button>
      <label>Brush <input type="range" min="2" max="30" value="8" aria-label="Brush size"></label>
    </div>
    <div class="stage" role="application" aria-label="The picture and the object found in it. Arrow keys move the brush; the space bar paints.">
      <img alt="" draggable="false"><canvas></canvas>
      <div class="frame">${Object.entries(CORNERS)
        .map(([corner, name]) => `<button type="button" class="corner ${corner}" data-corner="${corner}" aria-label="${name} corner of the crop. Arrow keys move it, with Shift the whole frame."></button>`)
        .join("")}</div>
      <div class="brush" hidden></div>
    </div>
    <p class="hint" role="status"></p>`
  const [bar, stage, hint] = root.children
  const [tools, undo, again, label] = bar.children
  const [picture, painted, frame, brush] = stage.children
  root.parts = { stage, picture, painted, frame, brush, tools, size: label.querySelector("input"), undo, again, hint }
}

/** What is outside the mask in the dark; ink in colour. */
function paint(canvas, mask, layer, ink, colour) {
  const context = canvas.getContext("2d")
  const { width, height } = canvas
  context.globalCompositeOperation = "source-over"
  const image = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    const inside = layer[i] === 1 || (layer[i] !== 2 && (!mask || mask[i] === 1))
    image.data[4 * i + 3] = inside === Boolean(ink) ? (ink ? 190 : 175) : 0
  }
  context.putImageData(image, 0, 0)
  if (!ink) return
  context.globalCompositeOperation = "source-in"
  context.fillStyle = colour
  context.fillRect(0, 0, width, height)
}

function dab(layer, { width, height }, x, y, radius, value) {
  const far = Math.max(radius, 0.5)
  for (let row = Math.max(0, Math.floor(y - far)); row <= Math.min(height - 1, y + far); row++) {
    for (let column = Math.max(0, Math.floor(x - far)); column <= Math.min(width - 1, x + far); column++) {
      if (Math.hypot(column + 0.5 - x, row + 0.5 - y) <= far) layer[row * width + column] = value
    }
  }
}

/**
 * The box after one of its corners, or without a corner the whole, was moved by shares of the picture.
 * @param {number[]} box @param {string | undefined} corner @param {number[]} by
 */
function reshaped([left, top, right, bottom], corner, [x, y]) {
  if (!corner) {
    const across = Math.min(Math.max(x, -left), 1 - right)
    const down = Math.min(Math.max(y, -top), 1 - bottom)
    return [left + across, top + down, right + across, bottom + down]
  }
  if (corner.includes("w")) left = Math.min(clamp(left + x), right - SMALLEST)
  else right = Math.max(clamp(right + x), left + SMALLEST)
  if (corner.includes("n")) top = Math.min(clamp(top + y), bottom - SMALLEST)
  else bottom = Math.max(clamp(bottom + y), top + SMALLEST)
  return [left, top, right, bottom].map(clamp)
}

/** Values of so many bits each, from base64; the first value is in the highest bits of a byte. */
function unpack(text, bits, { width, height }) {
  const values = new Uint8Array(width * height)
  if (!text) return values
  const bytes = atob(text)
  const each = 8 / bits
  for (let i = 0; i < values.length; i++) {
    values[i] = (bytes.charCodeAt(Math.floor(i / each)) >> (8 - bits * ((i % each) + 1))) & (2 ** bits - 1)
  }
  return values
}

/** The layer in base64, two bits a value. */
function pack(layer) {
  const bytes = new Uint8Array(Math.ceil(layer.length / 4))
  layer.forEach((value, i) => {
    bytes[i >> 2] |= value << (6 - 2 * (i % 4))
  })
  return btoa(String.fromCharCode(...bytes))
}

const share = (value) => `${100 * value}%`
const clamp = (value) => Math.min(Math.max(value, 0), 1)
