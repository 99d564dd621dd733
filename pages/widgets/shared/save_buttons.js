/** The buttons under a picture that save it; `save` gets "png" or "svg". */
function newSaveButtons(what, save) {
  const button = (format, title) =>
    Object.assign(document.createElement("button"), {
      type: "button",
      textContent: format.toUpperCase(),
      title,
      ariaLabel: `Save ${what} as ${format.toUpperCase()}`,
      onclick: () => save(format),
    })
  const bar = Object.assign(document.createElement("div"), { className: "save" })
  bar.append(button("png", "Save as PNG, for slides and pages"), button("svg", "Save as SVG, sharp at any size"))
  return bar
}
