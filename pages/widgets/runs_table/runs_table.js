/**
 * Runs as a table of checkboxes, stars and links; on a phone each row is a card.
 *
 * States "chosen" {ids, at}, "stars" {marks, at} and "sort" {by, at} say what a person did last;
 * "at" makes each different from the one before. The trigger "opened" has the id of a run. The
 * server answers with the "at" it knows: until it knows the latest, what the person did counts.
 */
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  if (root.childElementCount === 0) root.innerHTML = FRAME
  root.asked ??= {}
  const known = (name) => root.asked[name] === undefined || data.known[name] === root.asked[name]
  const tell = (name, value) => {
    root.asked[name] = Date.now() + Math.random()
    setStateValue(name, { ...value, at: root.asked[name] })
  }

  if (known("chosen")) root.chosen = new Set(data.chosen)
  if (known("stars")) root.marks = {}
  const choose = (ids, chosen) => {
    for (const id of ids) chosen ? root.chosen.add(id) : root.chosen.delete(id)
    mark()
    tell("chosen", { ids: [...root.chosen] })
  }
  const star = (id, starred) => {
    root.marks[id] = starred
    mark()
    tell("stars", { marks: root.marks })
  }

  const [bar, box] = root.children
  const [all, select, direction] = [bar.querySelector("input"), bar.querySelector("select"), bar.querySelector("button")]
  const ids = data.rows.map((row) => row.id)
  all.onchange = () => choose(ids, all.checked)
  drawSort(data, select, direction, (by) => tell("sort", { by }))
  drawHeads(data, box.querySelector("thead tr"), (by) => tell("sort", { by }))

  // Rows are kept and changed in place, so that the focus survives an update.
  const body = box.querySelector("tbody")
  while (body.children.length > data.rows.length) body.lastChild.remove()
  while (body.children.length < data.rows.length) body.append(newRow(data.columns))
  const lines = [...body.children]
  lines.forEach((line, i) => {
    const row = data.rows[i]
    const { pick, star: button, link, detail, badge, cells } = line.parts
    pick.ariaLabel = `Choose ${row.spoken}`
    pick.onchange = () => choose([row.id], pick.checked)
    button.hidden = !row.mine
    button.onclick = () => star(row.id, button.ariaPressed !== "true")
    button.ariaLabel = `Star ${row.spoken}`
    link.textContent = row.title
    link.href = row.href
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return // a tab of its own
      event.preventDefault()
      setTriggerValue("opened", row.id)
    }
    detail.textContent = row.detail
    badge.textContent = row.state
    badge.title = row.reason ?? ""
    badge.style.setProperty("--ink", `var(--st-${row.colour}-text-color)`)
    badge.style.setProperty("--paper", `var(--st-${row.colour}-background-color)`)
    cells.forEach((cell, column) => {
      cell.textContent = row.cells[column]
    })
  })

  const mark = () => {
    lines.forEach((line, i) => {
      const { id, starred } = data.rows[i]
      const { pick, star: button } = line.parts
      pick.checked = root.chosen.has(id)
      line.classList.toggle("chosen", pick.checked)
      const isStarred = root.marks[id] ?? starred
      button.ariaPressed = String(isStarred)
      button.textContent = isStarred ? "★" : "☆"
    })
    const count = ids.filter((id) => root.chosen.has(id)).length
    all.checked = count > 0 && count === ids.length
    all.indeterminate = count > 0 && count < ids.length
  }
  mark()
}

const FRAME = `
  <div class="bar">
    <label class="all"><input type="checkbox"><span>All on this page</span></label>
    <label class="by">Sort by <select></select></label><button type="button" class="direction"></button>
  </div>
  <div class="box"><table role="table" aria-label="Runs">
    <thead role="rowgroup"><tr role="row"></tr></thead><tbody role="rowgroup"></tbody>
  </table></div>`

/** The choice of what to sort by; a minus before its name means downwards. */
function drawSort({ sorts, sort }, select, direction, ask) {
  const [by, down] = [sort.replace("-", ""), sort.startsWith("-")]
  if (select.options.length !== sorts.length) select.replaceChildren(...sorts.map(([name, label]) => new Option(label, name)))
  select.value = by
  select.onchange = () => ask(firstWay(sorts, select.value))
  direction.textContent = down ? "↓" : "↑"
  direction.ariaLabel = down ? "Largest or latest first; press to reverse" : "Smallest or earliest first; press to reverse"
  direction.title = direction.ariaLabel
  direction.onclick = () => ask(down ? by : `-${by}`)
}

/** Most are wanted largest first, names from A to Z. */
function firstWay(sorts, name) {
  return sorts.find(([each]) => each === name)[2] ? `-${name}` : name
}

function drawHeads({ columns, sorts, sort }, head, ask) {
  if (head.childElementCount === 0) {
    const cell = (className, content) => {
      const made = document.createElement("th")
      made.setAttribute("role", "columnheader")
      made.scope = "col"
      made.className = className
      made.append(content)
      return made
    }
    const hidden = (text) => Object.assign(document.createElement("span"), { className: "hidden", textContent: text })
    head.append(
      cell("pick", hidden("Chosen")),
      cell("star", hidden("Starred")),
      ...columns.map(({ name, label }) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: label })
        return cell(name, button)
      }),
    )
  }
  const [by, down] = [sort.replace("-", ""), sort.startsWith("-")]
  columns.forEach(({ name }, i) => {
    const cell = head.children[i + 2]
    cell.ariaSort = name === by ? (down ? "descending" : "ascending") : null
    cell.querySelector("button").onclick = () => ask(name !== by ? firstWay(sorts, name) : down ? name : `-${name}`)
  })
}

/** Roles are written out: a table that is laid out as cards would lose them. */
function newRow(columns) {
  const row = document.createElement("tr")
  row.setAttribute("role", "row")
  row.innerHTML = `
    <td role="cell" class="pick"><label><input type="checkbox"></label></td>
    <td role="cell" class="star"><button type="button"></button></td>
    <th role="rowheader" scope="row" class="title"><a></a><span class="detail"></span></th>
    <td role="cell" class="state"><span class="badge"></span></td>`
  const cells = columns.slice(2).map(({ name, label }) => {
    const cell = document.createElement("td")
    cell.setAttribute("role", "cell")
    cell.className = name
    cell.dataset.label = label
    row.append(cell)
    return cell
  })
  const line = /** @type {any} */ (row)
  line.parts = {
    pick: row.querySelector("input"),
    star: row.querySelector("button"),
    link: row.querySelector("a"),
    detail: row.querySelector(".detail"),
    badge: row.querySelector(".badge"),
    cells,
  }
  return row
}
