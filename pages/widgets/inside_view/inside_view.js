/**
 * A network laid open for one picture: every layer as a row of maps, and the arithmetic of the value that is chosen.
 *
 * The browser works all of it out (core/networks/browser): the weights are fetched once a network. Which value is
 * chosen, what is switched off and the order of the maps live here and in the address.
 */
const WIDE = 780 // px from which on the arithmetic stands beside the layers
const SPOT = /^(\d{1,4})\.(\d{1,6})\.(\d{1,4})\.(\d{1,4})$/
const TOGETHER = "atelier-inside" // the event by which two views of one network do the same

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  root.view ??= newView(root)
  root.view.take(data)
}

function newView(root) {
  const note = make("p", { className: "note", role: "status" })
  const stage = make("div", { className: "stage", hidden: true })
  /** What is shown. `at` is the value that is chosen, `over` the one under the mouse. */
  const state = {
    /** @type {any} */ data: null,
    /** @type {LaidNode[]} */ nodes: [],
    /** @type {Float32Array[]} */ values: [],
    /** @type {Float32Array[]} */ plain: [],
    off: new Map(),
    at: null,
    over: null,
    order: "strongest",
    shown: new Set(),
    full: new Set(),
    sections: [],
    ramps: null,
    pixels: null,
    image: null,
    wide: false,
    asked: 0,
    /** @type {Map<string, LaidNode[]>} networks that answer along, by address */ members: new Map(),
    /** @type {Float32Array} what all of them answer together */ together: null,
  }
  const act = {}
  const layers = newLayers(root, state, act)
  const arithmetic = newPanel(stage, state, act)
  stage.append(layers.flow, arithmetic.panel)
  root.append(layers.bar, note, stage)

  // ------------------------------------------------------------------------------ what comes in

  const take = (data) => {
    const before = state.data
    state.data = data
    if (before?.address !== data.address) {
      // Of another network that was chosen on the page, no link has asked for anything.
      state.fresh = Boolean(before) && networkOf(before.address) !== networkOf(data.address)
      fetchNetwork(data)
      return
    }
    if (!state.nodes.length) return // still on its way
    if (before.picture.pixels !== data.picture.pixels) look()
    else {
      const ramps = rampsOf(root)
      const recoloured = JSON.stringify(ramps) !== JSON.stringify(state.ramps)
      state.ramps = ramps
      if (recoloured) layers.forget()
      layers.paint()
      if (recoloured || before.images !== data.images) arithmetic.open()
    }
  }

  const fetchNetwork = async (data) => {
    const asked = ++state.asked
    stage.hidden = layers.bar.hidden = true
    clearTimeout(state.writing)
    // All of the network before goes together: whatever is asked meanwhile finds nothing.
    Object.assign(state, { nodes: [], values: [], plain: [], off: new Map(), at: null, over: null, together: null })
    if (state.fresh) writeAddress()
    note.textContent = `Fetching the network (${(data.bytes / 1e6).toFixed(1)} MB) …`
    let weights
    try {
      weights = await weightsFrom(data.address, data.bytes)
    } catch (error) {
      if (asked !== state.asked) return // another one was chosen meanwhile
      console.warn(`The network could not be fetched: ${error}`)
      const again = make("button", { type: "button", className: "link", textContent: "Try again" })
      again.onclick = () => fetchNetwork(state.data)
      note.replaceChildren("The network could not be fetched. Check the connection. ", again)
      return
    }
    if (asked === state.asked) open(weights)
  }

  const open = (weights) => {
    note.textContent = ""
    state.nodes = laidOpen(state.data.plan, weights)
    state.ramps = rampsOf(root)
    Object.assign(state, { shown: new Set(), full: new Set() })
    if (state.fresh) writeAddress()
    else readAddress()
    layers.build()
    stage.hidden = layers.bar.hidden = false
    measure()
    look()
  }

  /** Asks the network about the picture. */
  const look = () => {
    const { picture, plan } = state.data
    state.pixels = Uint8Array.from(atob(picture.pixels), (character) => character.charCodeAt(0))
    state.image = Float32Array.from(state.pixels, (level) => level * plan.scale)
    state.plain = traced(state.nodes, state.image)
    state.values = state.off.size ? traced(state.nodes, state.image, state.off, state.plain, Math.min(...state.off.keys())) : state.plain
    if (!state.at && state.wide) state.at = firstPlace()
    state.together = null
    layers.paint()
    arithmetic.open()
    askAll()
  }

  /** Asks the whole model, where several networks answer together, each for the image and its mirror image. */
  const askAll = async () => {
    state.together = null
    const { data, image, nodes } = state
    if (!data.others.length) return
    const answers = [state.plain.at(-1)]
    try {
      const members = [nodes]
      for (const { address, bytes } of data.others) {
        if (!state.members.has(address)) state.members.set(address, laidOpen(data.plan, await weightsFrom(address, bytes)))
        members.push(state.members.get(address))
      }
      const mirrored = mirrorImage(image, data.plan.shape)
      for (const [number, member] of members.entries()) {
        for (const each of number ? [image, mirrored] : [mirrored]) {
          await new Promise((resolve) => setTimeout(resolve)) // a click goes first
          if (image !== state.image || nodes !== state.nodes) return // another picture was chosen meanwhile
          answers.push(traced(member, each).at(-1))
        }
      }
    } catch (error) {
      console.warn(`The other networks could not be asked: ${error}`)
      return
    }
    state.together = answers[0].map((_, i) => answers.reduce((sum, answer) => sum + answer[i], 0) / answers.length)
    layers.paintLayer(state.nodes.length - 1)
    arithmetic.refresh()
  }

  /** Something to begin with: the strongest reaction of the first layer that learned. */
  const firstPlace = () => {
    const id = state.nodes.findIndex((node) => node.kind === "conv" || node.kind === "dense")
    const { shape } = state.nodes[id]
    const [channel] = strongestFirst(state.plain[id], shape)
    return { id, ...peakOf(state.plain[id], shape, channel) }
  }

  // --------------------------------------------------------------------------------- the address

  const readAddress = () => {
    const asked = new URL(window.location.href).searchParams
    if (!state.data.linked && !state.data.twin) return
    state.order = asked.get("order") === "own" ? "own" : "strongest"
    const lost = []
    const at = asked.get("at")
    if (at !== null) {
      const [, id, channel, row, column] = (SPOT.exec(at) ?? []).map(Number)
      const place = { row, column, channel }
      if (isThere(id, place)) state.at = { id, ...place }
      else lost.push("a value")
    }
    for (const each of (asked.get("off") ?? "").split("~").filter(Boolean).slice(0, 500)) {
      const [, id, channel] = (/^(\d{1,4})\.(\d{1,6})$/.exec(each) ?? []).map(Number)
      if (isThere(id, { row: 0, column: 0, channel }) && canSwitch(state.nodes, state.nodes[id])) offIn(id).add(channel)
      else lost.push("a map")
    }
    if (lost.length) note.textContent = `The link asks for ${lost[0]} that this network does not have; the rest is shown.`
  }

  const isThere = (id, { row, column, channel }) => {
    const shape = state.nodes[id]?.shape
    if (!shape) return false
    const [rows, columns] = shape.length === 1 ? [1, 1] : shape
    return row < rows && column < columns && channel < shape.at(-1)
  }

  const offIn = (id) => {
    if (!state.off.has(id)) state.off.set(id, new Set())
    return state.off.get(id)
  }

  const writeAddress = () => {
    if (!state.data.linked || !root.isConnected) return // or another page is there by now
    const address = new URL(window.location.href)
    const put = (name, value) => (value ? address.searchParams.set(name, value) : address.searchParams.delete(name))
    const { at } = state
    put("at", at && `${at.id}.${at.channel}.${at.row}.${at.column}`)
    put("off", [...state.off].flatMap(([id, dark]) => [...dark].map((channel) => `${id}.${channel}`)).join("~"))
    put("order", state.order === "own" ? "own" : "")
    if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address)
  }

  // --------------------------------------------------------------------------- what a person does

  /** Shows the arithmetic of a value: for as long as the mouse is there, or kept. */
  const choose = (spot, kept) => {
    const before = state.at
    if (kept) {
      state.at = spot
      state.over = null
      writeAddressSoon()
      tellOthers()
    } else state.over = spot
    const same = before && before.id === spot.id && before.channel === spot.channel
    if (kept && !same) {
      state.shown.delete("maps")
      for (const id of new Set([before?.id, spot.id])) if (id !== undefined) layers.paintLayer(id)
      arithmetic.open()
    } else if (!same) arithmetic.open()
    else arithmetic.refresh()
  }

  /** Two views of one network, for two pictures, show the same value and have the same maps off. */
  const tellOthers = () => {
    const detail = { from: root, address: state.data.address, at: state.at, off: state.off, order: state.order }
    document.dispatchEvent(new CustomEvent(TOGETHER, { detail }))
  }
  const hear = (event) => {
    if (!root.isConnected) {
      document.removeEventListener(TOGETHER, hear)
      return
    }
    const { from, address, at, off, order } = event.detail
    if (from === root || address !== state.data?.address || !state.values.length) return
    state.at = at
    state.over = null
    state.order = order
    state.off = new Map([...off].map(([id, dark]) => [id, new Set(dark)]))
    state.values = state.off.size ? traced(state.nodes, state.image, state.off, state.plain, Math.min(...state.off.keys())) : state.plain
    layers.paint()
    arithmetic.open()
  }
  document.addEventListener(TOGETHER, hear)

  const writeAddressSoon = () => {
    clearTimeout(state.writing)
    state.writing = setTimeout(writeAddress, 300)
  }

  const flip = (id, channel) => {
    const dark = offIn(id)
    if (!dark.delete(channel)) dark.add(channel)
    if (!dark.size) state.off.delete(id)
    switched(id)
  }

  /** Works out all that comes after a layer in which something was switched. */
  const switched = (from) => {
    state.values = state.off.size ? traced(state.nodes, state.image, state.off, state.values, from) : state.plain
    writeAddress()
    layers.paint()
    arithmetic.refresh()
    tellOthers()
  }

  const measure = () => {
    if (!root.clientWidth) return
    const wide = root.clientWidth >= WIDE
    if (wide === state.wide && state.measured) return
    state.measured = true
    state.wide = wide
    stage.classList.toggle("wide", wide)
    if (state.values.length) arithmetic.open()
  }
  Object.assign(act, {
    choose,
    flip,
    focusPanel: arithmetic.focus,
    sort: (order) => {
      state.order = order
      writeAddress()
      layers.paint()
      tellOthers()
    },
    switchAllOn: () => {
      state.off.clear()
      switched(0)
    },
    close: () => {
      const id = state.at?.id
      state.at = null
      state.over = null
      writeAddress()
      if (id !== undefined) layers.paintLayer(id)
      arithmetic.open()
    },
  })
  new ResizeObserver(measure).observe(root)
  return { take }
}

/** Returns the address of a network without its proof, which is another one when the server starts anew. */
function networkOf(address) {
  return address.slice(0, address.lastIndexOf("/"))
}

/** Fetches the weights of a network. */
async function weightsFrom(address, bytes) {
  const answer = await fetch(inApp(address))
  if (!answer.ok) throw new Error(`${answer.status}`)
  const content = await answer.arrayBuffer()
  if (content.byteLength !== bytes) throw new Error("cut off")
  return new Float32Array(content)
}
