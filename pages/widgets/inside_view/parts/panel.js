/** The arithmetic of the value that is chosen: pictures with its window, numbers, kernel, what excites it. */

/**
 * Returns what draws the panel.
 * @param {any} stage the element that has layers and panel side by side, where there is room
 * @param {any} state of the view
 * @param {any} act what a person can do: choose, close, flip
 */
function newPanel(stage, state, act) {
  const panel = make("aside", { className: "panel", ariaLabel: "Arithmetic" })

  /** Builds the panel for the layer and the map that are chosen, and puts it where there is room. */
  const open = () => {
    const spot = state.over ?? state.at
    const focused = focusedIn(panel)
    panel.ariaLabel = `Arithmetic: ${state.data.picture.name}`
    put()
    if (!spot) {
      panel.replaceChildren(
        make("p", { className: "hint", textContent: "Choose a value in any map, and its arithmetic stands here, number by number." }),
        newAnswer(),
      )
      state.parts = null
      return
    }
    const node = state.nodes[spot.id]
    const title = make("p", { className: "where" }, make("b", { textContent: node.title }))
    const place = make("p", { className: "place", role: "status" })
    const value = make("p", { className: "value" })
    const actions = make("div", { className: "actions" })
    const looks = make("div", { className: "looks" })
    const kernels = make("div", { className: "kernels" })
    const exciting = make("div", { className: "exciting" })
    const sum = make("div", { className: "sum" })
    const answer = make("div", {})
    const cross = make("button", { type: "button", className: "close", textContent: "×", ariaLabel: "Close the arithmetic" })
    cross.onclick = close
    panel.replaceChildren(cross, title, place, value, actions, answer, looks, sum, exciting, kernels)
    state.parts = { spot, place, value, actions, looks, kernels, sum, answer, frames: [] }
    buildLooks(spot)
    buildKernels(spot)
    buildExciting(spot, exciting)
    refresh()
    if (focused) focus({ preventScroll: true }) // what had it is gone
  }

  const close = () => {
    const spot = state.at
    act.close()
    if (spot) goBack(spot)
  }

  /** Puts the focus on the map or unit of a place; a layer that has none leaves it to the one above. */
  const goBack = ({ id, channel }) => {
    for (const { buttons, picture } of state.sections.slice(0, id + 1).reverse()) {
      const back = buttons.get(channel) ?? buttons.values().next().value ?? picture?.frame
      if (back) return back.focus()
    }
  }

  const put = () => {
    const spot = state.at
    if (state.wide) {
      if (panel.parentElement !== stage) stage.append(panel)
      panel.hidden = false
    } else {
      panel.hidden = !spot
      if (spot && panel.previousElementSibling !== state.sections[spot.id].body) state.sections[spot.id].body.after(panel)
    }
  }

  /** @param {FocusOptions} [options] */
  const focus = (options) => {
    const target = panel.querySelector(".frame[tabindex]") ?? panel.querySelector("button:not(.close)")
    if (target instanceof HTMLElement) target.focus(options)
  }

  panel.onkeydown = (event) => {
    if (event.key !== "Escape" || !state.at) return
    event.stopPropagation()
    if (state.wide) goBack(state.at)
    else close()
  }

  const stepped = (down, right) => {
    const { id, row, column, channel } = state.at
    const [rows, columns] = state.nodes[id].shape
    act.choose({ id, row: within(row + down, rows), column: within(column + right, columns), channel }, true)
  }

  /** The pictures of the panel: where in the picture, where in the input, where in the map. */
  const buildLooks = (spot) => {
    const { nodes } = state
    const node = nodes[spot.id]
    const { looks, frames } = state.parts
    const hover = (place, kept) => act.choose({ id: spot.id, ...place, channel: spot.channel }, kept)
    const left = () => {
      if (!state.over) return
      state.over = null
      refresh()
    }
    if (node.shape.length === 1) {
      if (weighsPicture(nodes, node)) buildWeights(spot)
      else if (node.kind === "average") {
        const [rows, columns] = nodes[node.inputs[0]].shape
        const frame = newFrame({ title: `Map ${spot.channel}`, label: `Map ${spot.channel} of the layer before`, rows, columns })
        frames.push({ frame, paint: () => paintChannel(frame, node.inputs[0], spot.channel) })
        looks.append(frame.figure)
      }
      return
    }
    const [rows, columns] = node.shape
    const [height, width] = nodes[0].shape
    const hasWindow = node.kind === "conv" || node.kind === "pool"
    const source = node.inputs[0]
    if (spot.id !== 0 && !(hasWindow && source === 0)) {
      const frame = newFrame({
        title: "In the picture",
        label: "The part of the picture that this value depends on",
        rows: height,
        columns: width,
        toPlace: (row, column) => ({ row: Math.floor((row * rows) / height), column: Math.floor((column * columns) / width), channel: spot.channel }),
        moved: hover,
        left,
      })
      const show = ({ row, column, channel }) => {
        paintPixels(frame.canvas, state.pixels, nodes[0].shape)
        frame.mark(fieldOf(nodes, spot.id, { row, column, channel }))
      }
      frames.push({ frame, paint: show })
      looks.append(frame.figure)
    }
    if (hasWindow) {
      const [inRows, inColumns] = nodes[source].shape
      const frame = newFrame({
        title: "",
        label: "What the layer reads, with the window",
        rows: inRows,
        columns: inColumns,
        toPlace: (row, column) => placeUnder(node, row, column, spot.channel),
        moved: hover,
        left,
        stepped,
      })
      const show = (_, parts) => {
        const channel = node.kind === "pool" ? spot.channel : strongestInput(parts)
        if (source === 0) paintPixels(frame.canvas, state.pixels, nodes[0].shape)
        else paintChannel(frame, source, channel)
        frame.caption.textContent = source === 0 ? "Picture" : `Input: map ${channel}`
        const { top, left: first, size } = parts.window
        frame.mark({
          top: Math.max(0, top),
          left: Math.max(0, first),
          bottom: Math.min(inRows, top + size) - 1,
          right: Math.min(inColumns, first + size) - 1,
        })
      }
      frames.push({ frame, paint: show })
      looks.append(frame.figure)
    }
    const own = newFrame({
      title: spot.id === 0 ? "Picture" : `Map ${spot.channel}`,
      label: `${spot.id === 0 ? "The picture" : `Map ${spot.channel}`}, ${rows} by ${columns}. The arrow keys move through it.`,
      rows,
      columns,
      toPlace: (row, column) => ({ row, column, channel: spot.channel }),
      moved: hover,
      left,
      stepped,
    })
    const show = ({ row, column }) => {
      if (spot.id === 0) paintPixels(own.canvas, state.pixels, nodes[0].shape)
      else paintChannel(own, spot.id, spot.channel)
      own.mark({ top: row, left: column, bottom: row, right: column })
    }
    frames.push({ frame: own, paint: show })
    looks.append(own.figure)
  }

  /** The input map that adds most at the value that was chosen; under the mouse it stays the same one. */
  const strongestInput = (parts) => {
    if (!state.over || state.parts.input === undefined) {
      const best = parts.channels.reduce((a, b) => (Math.abs(b.sum) > Math.abs(a.sum) ? b : a))
      state.parts.input = best.channel
    }
    return state.parts.input
  }

  const paintChannel = (frame, id, channel) => {
    const { shape } = state.nodes[id]
    paintValues(frame.canvas, channelOf(state.values[id], shape, channel), shape[1], shape[0], state.ramps, mostOf(state.plain[id]))
  }

  const buildWeights = (spot) => {
    const { looks, frames } = state.parts
    const node = state.nodes[spot.id]
    const { shape } = state.nodes[0]
    const own = weightsOf(node, spot.channel)
    const figures = ["Picture", "× weights", "= products"].map((title) => newFrame({ title, label: title, rows: shape[0], columns: shape[1] }))
    const paintAll = () => {
      const products = own.map((weight, i) => weight * state.image[i])
      paintPixels(figures[0].canvas, state.pixels, shape)
      for (const [number, weighed] of [own, products].entries()) {
        const shown = meanOverColours(weighed, shape)
        paintValues(figures[number + 1].canvas, shown, shape[1], shape[0], state.ramps, mostOf(shown) * 0.8)
      }
    }
    frames.push({ frame: figures[0], paint: paintAll })
    looks.append(...figures.map((each) => each.figure))
  }

  /** The kernel of a map, one square for each map that it reads. */
  const buildKernels = ({ id, channel }) => {
    const node = state.nodes[id]
    if (node.kind !== "conv" || node.inputs[0] === 0) return // of the picture it stands with the products
    const count = state.nodes[node.inputs[0]].shape[2]
    const { kernel } = node.layer
    const squares = kernelOf(node, channel, count)
    const columns = Math.min(count, Math.ceil(Math.sqrt(count * 2)))
    const canvas = make("canvas", { role: "img", ariaLabel: `The kernel of map ${channel}: ${counted(count, "square")} of ${kernel} by ${kernel} weights` })
    canvas.style.maxWidth = `${60 * columns}px`
    paintSquares(canvas, squares, kernel, columns, state.ramps, mostOf(squares.flatMap((each) => [...each])))
    state.parts.kernels.append(make("p", { textContent: `Its kernel: ${kernel} × ${kernel} weights for ${count === 1 ? "the map" : `each of the ${count} maps`} that it reads.` }), canvas)
  }

  /** The images that excite a map or a unit most: of each the part that it can see. */
  const buildExciting = async ({ id, channel }, box) => {
    const { reacts, address, classes } = state.data
    if (!reacts?.[id]) return
    const { nodes } = state
    let best = []
    try {
      const answer = await fetch(inApp(`${address}/${id}/${channel}`))
      if (answer.ok) best = (await answer.json()).best
    } catch (error) {
      console.warn(`The images could not be fetched: ${error}`)
    }
    if (!best.length || !box.isConnected || nodes !== state.nodes) return
    const node = nodes[id]
    const { shape } = nodes[0]
    const pictures = best.map(({ pixels, index, label, row, column }) => {
      const image = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0))
      const field = fieldOf(nodes, id, { row, column, channel })
      const canvas = make("canvas")
      paintPixels(canvas, cutOut(image, shape, field), [field.bottom - field.top + 1, field.right - field.left + 1, shape[2]])
      const name = `${classes[label]}, validation image ${whole(index)}`
      const link = make("a", { href: addressOf(state.data, `train-${index}`, `${id}.${channel}.${row}.${column}`), title: name, ariaLabel: name }, canvas)
      return link
    })
    const what = node.shape.length === 3 ? `What excites map ${channel} most, in ${whole(state.data.images)} validation images: the part that it sees.` : `The images that excite unit ${channel} most, of ${whole(state.data.images)} validation images.`
    box.replaceChildren(make("p", { textContent: what }), make("div", { className: "row" }, ...pictures))
  }

  /** Writes the numbers of the place that is chosen. */
  const refresh = () => {
    const spot = state.over ?? state.at
    if (!spot || !state.parts) return open()
    if (state.parts.spot.id !== spot.id || state.parts.spot.channel !== spot.channel) return open()
    const { id, row, column, channel } = spot
    const place = { row, column, channel }
    const node = state.nodes[id]
    const isOff = Boolean(state.off.get(id)?.has(channel))
    const honest = isOff ? withOn(id) : state.values
    const parts = explained(state.nodes, honest, id, place)
    const { place: where, value, actions, sum, answer, frames } = state.parts
    const isAnswer = id === state.nodes.length - 1
    where.textContent = isAnswer ? `Class ${state.data.classes[channel]}` : id === 0 ? `Row ${row}, column ${column}` : upper(placeWords(node.shape, place))
    const shown = isAnswer ? inPercent(parts.value, 2) : precise(parts.value)
    value.textContent = isOff ? "0 (switched off)" : shown
    for (const each of frames) each.paint(place, parts)
    const scene = {
      nodes: state.nodes,
      values: state.values,
      ramps: state.ramps,
      classes: state.data.classes,
      scale: state.data.plan.scale,
      shown: state.shown,
      follow: (to, at) => {
        act.choose({ id: to, ...at }, true)
        reveal(to)
      },
      show: (what) => {
        if (!state.shown.delete(what)) state.shown.add(what)
        refresh()
        focusedIn(sum)?.scrollIntoView({ block: "nearest" })
      },
    }
    const links = () => [...sum.querySelectorAll("button")]
    const focused = links().indexOf(focusedIn(sum))
    sum.replaceChildren(...arithmeticOf(scene, id, place, parts))
    if (focused >= 0) links().slice(0, focused + 1).at(-1)?.focus({ preventScroll: true })
    fillActions(actions, spot, parts, isOff)
    answer.replaceChildren(newAnswer())
  }

  /** What a layer whose map is off makes by itself. */
  const withOn = (id) => {
    const { inputs, stage: layer } = state.nodes[id]
    const values = state.values.slice()
    values[id] = inputs.length === 2 ? values[inputs[0]].map((each, i) => each + values[inputs[1]][i]) : layer.run(values[inputs[0]])
    return values
  }

  const fillActions = (actions, { id, channel }, parts, isOff) => {
    const node = state.nodes[id]
    const wanted = `${id}.${channel}.${isOff}`
    actions.parts = parts
    if (actions.made === wanted) return
    actions.made = wanted
    const buttons = []
    if (canSwitch(state.nodes, node)) {
      const word = partWord(node.shape)
      const toggle = make("button", { type: "button", className: "plain", textContent: `Switch ${word} ${channel} ${isOff ? "on" : "off"}` })
      toggle.onclick = () => {
        act.flip(id, channel)
        const again = actions.querySelector("button")
        again?.focus()
      }
      buttons.push(toggle)
    }
    const copy = make("button", { type: "button", className: "plain", textContent: "Copy as Python", title: "Copies the numbers and the sum as a few lines of Python, to check it" })
    copy.onclick = async () => {
      try {
        await navigator.clipboard.writeText(inPython(actions.parts))
        copy.textContent = "Copied"
      } catch {
        copy.textContent = "The browser does not allow it"
      }
      setTimeout(() => (copy.textContent = "Copy as Python"), 2500)
    }
    buttons.push(copy)
    actions.replaceChildren(...buttons)
  }

  /** The answer in short, and what it was before something was switched off. */
  const newAnswer = () => {
    const id = state.nodes.length - 1
    const [values, plain] = [state.values[id], state.plain[id]]
    const { classes } = state.data
    const say = (probabilities) => {
      const best = probabilities.indexOf(Math.max(...probabilities))
      return `${classes[best]} ${inPercent(probabilities[best])}`
    }
    const box = make("p", { className: "answer" }, "Answer: ")
    if (state.off.size) box.append(make("s", { textContent: say(plain) }), " → ")
    box.append(make("b", { textContent: say(values) }))
    if (state.together && !state.off.size) box.append(make("small", { textContent: ` (whole model: ${say(state.together)})` }))
    return box
  }

  const reveal = (id) => {
    const { section } = state.sections[id]
    const smooth = !window.matchMedia("(prefers-reduced-motion: reduce)").matches
    section.scrollIntoView({ block: "nearest", behavior: smooth ? "smooth" : "auto" })
  }

  return { panel, open, refresh, focus }
}

/**
 * Returns the address of an image and a value in the network of a view. Of a second network, what the page has of the
 * first one is left out: it has other maps, and would stand beside itself.
 */
function addressOf({ query, linked, twin }, image, at) {
  const address = new URL(window.location.href)
  if (!linked && !twin) for (const name of ["with", "off", "beside", "member"]) address.searchParams.delete(name)
  for (const [name, value] of Object.entries({ ...query, image, at })) address.searchParams.set(name, value)
  return address.href
}

/** Tells whether parts of a layer can be switched off. */
function canSwitch(nodes, node) {
  return !["pixels", "flatten", "dropout"].includes(node.kind) && node !== nodes.at(-1)
}

/** Returns the element that has the focus, if it is inside another one. */
function focusedIn(element) {
  const { activeElement } = element.getRootNode()
  return element.contains(activeElement) ? activeElement : null
}

/** The pixels of a part of an image. @param {number[]} shape */
function cutOut(pixels, shape, { top, left, bottom, right }) {
  const [, width, channels] = shape
  const found = []
  for (let row = top; row <= bottom; row++) {
    found.push(...pixels.subarray((row * width + left) * channels, (row * width + right + 1) * channels))
  }
  return found
}

const upper = (text) => text[0].toUpperCase() + text.slice(1)
