/** Functions of a component's script: it is no module, so what it declares is taken out of its text. */
import { readFileSync } from "node:fs"

const ROOT = new URL("../../pages/", import.meta.url)

/**
 * Runs scripts as a browser does that gets them as one text, and returns what they declare.
 * @param {string[]} files below pages/, in the order in which they are put together
 * @param {string[]} names of functions or constants
 * @param {Record<string, unknown>} browser what the scripts need of a browser while they load
 */
export function load(files, names, browser = {}) {
  const texts = files.map((file) => readFileSync(new URL(file, ROOT), "utf8"))
  const script = texts.join("\n").replace(/^export default /m, "const component = ")
  return new Function(...Object.keys(browser), `${script}\nreturn { ${names.join(", ")} }`)(...Object.values(browser))
}
