/**
 * Lets the arrow keys, Home and End move the focus in a grid of buttons. The grid is one stop for
 * the Tab key (a "roving tabindex"), so that a gallery of 200 tiles is not 200 stops.
 * `moved(button)` is called with each button that the focus was moved to.
 */
function moveFocusWithArrowKeys(grid, buttons, countColumns, moved) {
  const makeStop = (stop) => {
    for (const button of buttons) button.tabIndex = button === stop ? 0 : -1
  }

  makeStop(buttons.find((button) => button === grid.stop) ?? buttons[0])
  for (const button of buttons) {
    button.onfocus = () => {
      grid.stop = button
      makeStop(button)
    }
  }
  grid.onkeydown = (event) => {
    const from = buttons.indexOf(event.target)
    if (from < 0 || event.ctrlKey || event.metaKey || event.altKey) return
    const columns = countColumns()
    const to = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from - columns,
      ArrowDown: from + columns,
      Home: 0,
      End: buttons.length - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault() // or the page scrolls
    event.stopPropagation() // or a button of the page that has this key as a shortcut is pressed
    if (!buttons[to]) return
    buttons[to].focus()
    moved?.(buttons[to])
  }
}
