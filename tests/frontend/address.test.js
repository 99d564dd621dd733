import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "./load.js"

const at = (address) =>
  load(["widgets/shared/address.js"], ["inApp", "cookieEnd"], {
    document: { baseURI: address },
    window: { location: new URL(address) },
  })

test("a file of the app is found from every page, at the root and below a path", () => {
  for (const page of ["", "train", "train?run=1#x"]) {
    assert.equal(at(`http://localhost:8501/${page}`).inApp("/media/a.webp"), "http://localhost:8501/media/a.webp")
    assert.equal(at(`https://host/ml/atelier/${page}`).inApp("/media/a.webp"), "https://host/ml/atelier/media/a.webp")
    assert.equal(at(`https://host/atelier/${page}`).inApp("app/static/b.js"), "https://host/atelier/app/static/b.js")
  }
})

test("a cookie is for the app alone, and goes over HTTPS only where the page came so", () => {
  assert.equal(at("http://localhost:8501/train").cookieEnd(9), "; path=/; max-age=9; SameSite=Lax")
  assert.equal(at("https://host/atelier/").cookieEnd(9), "; path=/atelier/; max-age=9; SameSite=Lax; Secure")
})
