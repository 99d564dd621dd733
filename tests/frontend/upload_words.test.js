/** What is said below a file uploader whose files did not arrive. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const { refusals } = load(["widgets/upload_words/upload_words.js"], ["refusals"])
const data = { words: { 413: "{files}: too large.", 403: "{files}: no cookies." }, other: "{files}: broke." }
const chip = (name, reason) => ({ textContent: `${name}1.2MB${reason}`, getAttribute: () => `${name}, 1.2MB` })
const failed = (status) => `AxiosError: Request failed with status code ${status}`

test("a reason stands once, with its files", () => {
  assert.equal(refusals([chip("a.png", failed(413))], data), "a.png (1.2 MB): too large.")
  assert.equal(
    refusals([chip("a.png", failed(413)), chip("b.png", failed(403)), chip("c.png", failed(413))], data),
    "a.png (1.2 MB) and c.png (1.2 MB): too large.\nb.png (1.2 MB): no cookies.",
  )
})

test("of many files one is named", () => {
  const chips = ["a", "b", "c"].map((name) => chip(name, failed(413)))
  assert.equal(refusals(chips, data), "a (1.2 MB) and 2 more: too large.")
})

test("what is neither has the general words, and Streamlit's own words stay alone", () => {
  assert.equal(refusals([chip("a", "AxiosError: Network Error")], data), "a (1.2 MB): broke.")
  assert.equal(refusals([chip("a", failed(500))], data), "a (1.2 MB): broke.")
  assert.equal(refusals([chip("a", "File must be 10.0MB or smaller.")], data), "")
  assert.equal(refusals([], data), "")
})
