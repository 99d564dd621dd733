/**
 * What tells up to six runs apart wherever they are compared: a letter, a colour and a shape.
 *
 * The colours are Okabe and Ito's, which people of every colour vision can tell apart; on white
 * some are a little darker than theirs, so that a thin line has a contrast of about 3.
 */
function runColours(root) {
  const [r, g, b] = theme(root).paper.match(/\d+/g).map(Number)
  const isDark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 128
  return isDark
    ? ["#56b4e9", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#f0e442"]
    : ["#0072b2", "#c48700", "#009e73", "#d55e00", "#bd6597", "#2b2b33"]
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
