/** A table with one column a run: a caption, a header of letters and titles, and rows of texts. */
export default function ({ data, parentElement }) {
  const { caption, runs, rows } = data
  const root = parentElement.querySelector(".root")
  const colours = runColours(root)
  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties)
    made.append(...children)
    return made
  }
  const heads = runs.map(({ letter, title }, i) =>
    element("th", { scope: "col", title }, runMark(letter, colours[i]), element("span", { className: "title", textContent: title })),
  )
  const lines = rows.map(({ name, values, notes, differs }) =>
    element(
      "tr",
      { className: differs ? "differs" : "" },
      element("th", { scope: "row" }, name, ...(differs ? [element("span", { className: "hidden", textContent: " (differs)" })] : [])),
      ...values.map((value, i) =>
        element("td", {}, value, ...(notes?.[i] ? [element("small", { textContent: notes[i] })] : [])),
      ),
    ),
  )
  const table = element(
    "table",
    {},
    element("caption", { className: "hidden", textContent: caption }),
    element("thead", {}, element("tr", {}, element("td", {}), ...heads)),
    element("tbody", {}, ...lines),
  )
  // Wider than a phone with six runs: it scrolls by itself, also by keyboard.
  const box = element("div", { className: "box", tabIndex: 0 }, table)
  box.setAttribute("role", "region")
  box.ariaLabel = caption
  root.replaceChildren(box)
}
