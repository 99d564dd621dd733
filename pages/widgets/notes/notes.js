/**
 * A field for notes that saves what is typed, a moment after the last key.
 *
 * The state "note" {text, at} is what was typed last. The server answers with the "at" that it has
 * saved: until that is the latest, the field says so, and what stands in it counts.
 */
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root")
  if (root.childElementCount === 0) root.innerHTML = FRAME
  const [field, said] = [root.querySelector("textarea"), root.querySelector(".said")]
  field.maxLength = data.most
  root.tell = (text) => {
    root.asked = Date.now() + Math.random()
    setStateValue("note", { text, at: root.asked })
  }
  const first = root.typed === undefined
  if (first) {
    root.typed = field.value = data.text
    listen(root, field, said)
  }
  fit(field)
  if (data.problem) say(said, data.problem, true)
  else if (root.asked !== undefined && data.known === root.asked && field.value === root.typed) say(said, "Saved")
  else if (first) say(said, "")
}

const AFTER = 600 // ms without a key
const FRAME = `
  <label>Notes <textarea rows="2" spellcheck="true"
    placeholder="What did you try, and what did you find? Only you see this, unless you share the run."></textarea></label>
  <p class="said" role="status"></p>`

/** Sends what is typed after a moment, and at once when the field is left or the page is hidden. */
function listen(root, field, said) {
  let timer = 0
  const send = () => {
    clearTimeout(timer)
    if (field.value === root.typed) return
    root.typed = field.value
    root.tell(field.value)
  }
  field.addEventListener("input", () => {
    fit(field)
    const left = field.maxLength - field.value.length
    say(said, left < 500 ? `${left.toLocaleString("en")} characters left` : "Saving …")
    clearTimeout(timer)
    timer = setTimeout(send, AFTER)
  })
  field.addEventListener("blur", send)
  document.addEventListener("visibilitychange", () => document.hidden && send())
}

/** Makes the field as high as its text, up to a limit that the style sets. */
function fit(field) {
  field.style.height = "auto"
  if (field.scrollHeight > 0) field.style.height = `${field.scrollHeight + 2}px`
}

function say(said, words, isProblem = false) {
  said.textContent = words
  said.classList.toggle("problem", isProblem)
}
