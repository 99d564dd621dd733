/** One image, a button for each answer, and perhaps a bar that runs out; tells "said" once. */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  root.quickCard ??= newCard(root)
  root.quickCard.update(data, (said) => setTriggerValue("said", said))
  return () => root.quickCard.leave()
}

function newCard(root) {
  root.innerHTML = `
    <p class="count" aria-live="polite"></p>
    <div class="time" aria-hidden="true"><span></span></div>
    <img class="picture" alt="">
    <div class="answers" role="group" aria-label="Your answer"></div>`
  const [count, time, picture, answers] = [...root.children]
  const bar = /** @type {HTMLElement} */ (time.firstElementChild)
  const card = { number: 0, attempt: 0, ends: 0, said: true, most: 1, first: 0, tell: (_said) => {} }
  let ticks = 0

  const say = (label) => {
    if (card.said) return
    card.said = true
    answers.classList.add("said")
    ;[...answers.children].forEach((button, i) => {
      button.classList.toggle("chosen", i === label)
    })
    card.tell({ number: card.number, label })
  }
  const tick = () => {
    const left = Math.max(0, card.ends - performance.now())
    bar.style.transform = `scaleX(${Math.min(1, left / card.most)})`
    time.classList.toggle("short", left < 3000)
    if (left === 0) say(null)
  }
  const press = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return
    if (event.composedPath().some((each) => /^(INPUT|TEXTAREA|SELECT)$/.test(each.tagName ?? ""))) return
    const button = Number(event.key) - card.first
    if (!/^[0-9]$/.test(event.key) || !(button in answers.children)) return
    event.preventDefault()
    say(button)
  }

  card.update = (data, tell) => {
    const { picture: source, answers: names, number, count: all, left, most, first, attempt } = data
    Object.assign(card, { tell, first, most: 1000 * most, ends: performance.now() + 1000 * left })
    root.classList.toggle("calm", left === null)
    if (number !== card.number || attempt !== card.attempt) {
      Object.assign(card, { said: false, number, attempt })
      answers.classList.remove("said")
    }
    count.textContent = `Image ${number} of ${all}`
    picture.setAttribute("src", source)
    picture.setAttribute("alt", `Image ${number}: what is it?`)
    while (answers.children.length > names.length) answers.lastChild.remove()
    while (answers.children.length < names.length) answers.append(newButton())
    ;[...answers.children].forEach((each, i) => {
      const button = /** @type {HTMLButtonElement} */ (each)
      if (!card.said) button.classList.remove("chosen")
      button.firstElementChild.textContent = first + i < 10 ? String(first + i) : ""
      button.lastElementChild.textContent = names[i]
      button.onclick = () => say(i)
    })
    document.removeEventListener("keydown", press)
    document.addEventListener("keydown", press)
    clearInterval(ticks)
    if (left === null) return
    ticks = window.setInterval(tick, 100)
    tick()
  }
  card.leave = () => {
    document.removeEventListener("keydown", press)
    clearInterval(ticks)
  }
  return card
}

function newButton() {
  const button = document.createElement("button")
  button.type = "button"
  const key = document.createElement("kbd")
  key.ariaHidden = "true"
  button.append(key, document.createElement("span"))
  return button
}
