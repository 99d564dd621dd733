import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

function at(address, top = undefined) {
  const page = { location: new URL(address), self: null, top }
  page.self = page
  page.top = top ?? page
  const browser = { document: { baseURI: address }, window: page }
  return load(["widgets/shared/address.js"], ["inApp", "cookieEnd"], browser)
}

test("a file of the app is found from every page, at the root and below a path", () => {
  for (const page of ["", "train", "train?run=1#x"]) {
    assert.equal(at(`http://localhost:8501/${page}`).inApp("/media/a.webp"), "http://localhost:8501/media/a.webp")
    assert.equal(at(`https://host/ml/atelier/${page}`).inApp("/media/a.webp"), "https://host/ml/atelier/media/a.webp")
    assert.equal(at(`https://host/atelier/${page}`).inApp("app/static/b.js"), "https://host/atelier/app/static/b.js")
  }
})

test("a cookie is for the app alone, and goes over HTTPS only where the page came so", () => {
  assert.equal(at("http://localhost:8501/train").cookieEnd(9), "; path=/; max-age=9; SameSite=Lax")
  assert.equal(at("https://host/atelier/").cookieEnd(9), "; path=/atelier/; max-age=9; Secure; SameSite=Lax")
})

test("in a frame a cookie is for the frames of that site", () => {
  const end = "; path=/atelier/; max-age=9; Secure; SameSite=None; Partitioned"
  assert.equal(at("https://host/atelier/?embed=true", {}).cookieEnd(9), end)
})
