/** What tells up to six runs apart wherever they are compared: a letter, a colour and a shape. */
function runColours(root) {
  return theme(root).runs
}

const RUN_SHAPES = ["circle", "diamond", "square", "triangle-up", "x", "cross"]

/** A dot in the run's colour and its letter; the letter is in the text's colour, to be readable. */
function runMark(letter, colour) {
  const mark = document.createElement("span")
  mark.className = "mark"
  mark.style.setProperty("--colour", colour)
  mark.textContent = letter
  return mark
}
